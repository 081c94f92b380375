//! Values of several forms, as `codegen/choices.toml` tells them apart.

use super::model::{Choice, Form, Kind, Select, Site};
use anyhow::{Context, Result, bail};

use super::rules::ChoiceRule;

/// A choice without forms yet.
pub(super) fn declare(rule: &ChoiceRule, site: &Site) -> Result<Choice> {
    let select = match rule.by.split_once(':') {
        Some(("sibling", field)) => Select::Sibling(field.to_owned()),
        Some(("self", field)) => Select::Own(field.to_owned()),
        None if rule.by == "property" => Select::Property,
        _ => {
            bail!("choice {}: by {:?} is not one of sibling:field, self:field, property", rule.name, rule.by)
        }
    };
    Ok(Choice {
        name: rule.name.clone(),
        select,
        forms: Vec::new(),
        bare: rule.bare.clone(),
        refused: rule.refused.clone(),
        sites: vec![site.clone()],
    })
}

/// The branches of a site, as forms.
pub(super) fn forms(rule: &ChoiceRule, site: &str, branches: &[Kind]) -> Result<Vec<Form>> {
    let cases = rule.cases_at(site);
    let forms = cases.iter().map(|(value, index)| {
        let kind = branches
            .get(*index)
            .with_context(|| format!("choice {}: {site} has no branch {index}", rule.name))?;
        Ok(Form { value: value.clone(), kinds: vec![kind.clone()] })
    });
    if let Some(index) = (0..branches.len()).find(|index| !cases.values().any(|it| it == index)) {
        bail!("choice {}: no case is branch {index} of {site}", rule.name);
    }
    forms.collect()
}
