//! What became of the fields and words of the older generations, as tables.
//!
//! Zoom has told of one call in three shapes: call logs (v1), call history with legs (v2), and call history with call
//! elements (v3). It publishes no complete table from one to the next; these are put together from the schemas of all
//! three and from what live records show. Reading itself goes by them ([`results`]), and so does the check of somebody's
//! own fields before they move.

pub mod fields;
pub mod results;
pub mod words;
