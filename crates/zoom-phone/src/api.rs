//! The typed client: every operation of Zoom Phone and of Number Management as a method.
//!
//! [`Client`](crate::client::Client) has a method for each group, such as `call_queues()`, and that has one for each
//! operation. What Zoom requires is an argument; the rest has setters. Bodies and answers are types of
//! [`types`](crate::types), in the module of the group. A request is sent by awaiting it:
//!
//! ```
//! use futures::TryStreamExt as _;
//! use zoom_phone::client::{Client, Error};
//! use zoom_phone::types::call_queues::UpdateCallQueue;
//!
//! async fn rename_the_first(client: &Client) -> Result<(), Error> {
//!     let queues = client.call_queues().list().site_id("8f71O6rWT8KFUGQmJIFAdQ").await?;
//!     let Some(id) = queues.call_queues.unwrap_or_default().into_iter().find_map(|queue| queue.id) else { return Ok(()) };
//!     let body = UpdateCallQueue { name: Some("Support".to_owned()), ..Default::default() };
//!     client.call_queues().update(&id, body).await?;
//!
//!     // Lists come in pages, fetched one after the other.
//!     let mut items = client.call_queues().list().pages().items();
//!     while let Some(queue) = items.try_next().await? {
//!         println!("{:?}", queue.id);
//!     }
//!     Ok(())
//! }
//! ```

use std::future::IntoFuture;
use std::marker::PhantomData;

use futures::future::BoxFuture;
use zoom_phone_types::Wire;

use crate::client::{Answer, Call, Download, Error};
#[doc(inline)]
pub use crate::generated::*;

/// A request without optional parameters, not sent yet. `T` is what it returns.
#[derive(Debug)]
#[must_use = "a request does nothing until it is awaited"]
pub struct Request<T> {
    call: Call,
    answer: PhantomData<fn() -> T>,
}

/// A request for a file, not sent yet.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is awaited"]
pub struct FileRequest {
    call: Call,
}

/// Methods that all requests have, for a struct with a field `call`.
macro_rules! common {
    ($answer:ty, $send:path) => {
        /// Who waits for the answer: see [`Call::priority`](crate::client::Call::priority).
        #[inline]
        pub fn priority(self, priority: crate::quota::Priority) -> Self {
            Self::of(self.call.priority(priority))
        }

        /// How long to wait for the answer: see [`Call::deadline`](crate::client::Call::deadline).
        #[inline]
        pub fn deadline(self, deadline: std::time::Duration) -> Self {
            Self::of(self.call.deadline(deadline))
        }

        /// Sends the request even if it is not as Zoom documents it.
        #[inline]
        pub fn unchecked(self) -> Self {
            Self::of(self.call.unchecked())
        }

        /// Sends the request, as awaiting it does.
        #[inline]
        pub fn send(self) -> futures::future::BoxFuture<'static, Result<$answer, crate::client::Error>> {
            $send(self.call)
        }
    };
}

/// Declares the request of an operation with optional parameters.
macro_rules! builder {
    ($(#[$attr:meta])* $name:ident -> $answer:ty $(, pages of $item:ty)?) => {
        $(#[$attr])*
        #[derive(Clone, Debug)]
        #[must_use = "a request does nothing until it is awaited"]
        pub struct $name {
            call: crate::client::Call,
        }

        impl $name {
            #[inline]
            pub(crate) fn of(call: crate::client::Call) -> Self {
                Self { call }
            }

            crate::api::common!($answer, crate::api::sent);

            /// Sends the request. The body of the answer as JSON, and what came with it.
            #[inline]
            pub fn answer(
                self,
            ) -> futures::future::BoxFuture<'static, Result<crate::client::Answer, crate::client::Error>> {
                crate::api::answered(self.call)
            }

            $(
                /// The pages of the list, one after the other, of the largest size unless `page_size` is set.
                #[inline]
                pub fn pages(self) -> crate::client::Pages<$item> {
                    self.call.pages()
                }
            )?
        }

        impl std::future::IntoFuture for $name {
            type Output = Result<$answer, crate::client::Error>;
            type IntoFuture = futures::future::BoxFuture<'static, Self::Output>;

            #[inline]
            fn into_future(self) -> Self::IntoFuture {
                self.send()
            }
        }
    };
}
pub(crate) use {builder, common};

/// Sends a call, boxed once so that builders stay thin.
pub(crate) fn sent<T: Wire + 'static>(call: Call) -> BoxFuture<'static, Result<T, Error>> {
    Box::pin(call.send())
}

/// As [`sent`], for the untyped answer.
pub(crate) fn answered(call: Call) -> BoxFuture<'static, Result<Answer, Error>> {
    Box::pin(call.answer())
}

fn downloaded(call: Call) -> BoxFuture<'static, Result<Download, Error>> {
    Box::pin(call.download())
}

impl<T: Wire + 'static> Request<T> {
    #[inline]
    pub(crate) fn of(call: Call) -> Self {
        Self { call, answer: PhantomData }
    }

    common!(T, sent);

    /// Sends the request. The body of the answer as JSON, and what came with it.
    #[inline]
    pub fn answer(self) -> BoxFuture<'static, Result<Answer, Error>> {
        answered(self.call)
    }
}

impl<T> Clone for Request<T> {
    fn clone(&self) -> Self {
        Self { call: self.call.clone(), answer: PhantomData }
    }
}

impl<T: Wire + 'static> IntoFuture for Request<T> {
    type Output = Result<T, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    #[inline]
    fn into_future(self) -> Self::IntoFuture {
        self.send()
    }
}

impl FileRequest {
    #[inline]
    pub(crate) fn of(call: Call) -> Self {
        Self { call }
    }

    common!(Download, downloaded);
}

impl IntoFuture for FileRequest {
    type Output = Result<Download, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    #[inline]
    fn into_future(self) -> Self::IntoFuture {
        self.send()
    }
}
