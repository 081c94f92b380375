//! Who works in a company: those with names in its file, and as many more as its departments have.

use super::file::CompanyFile;

pub(crate) const FIRST_NAMES: [&str; 36] = [
    "Ada", "Ben", "Chloe", "David", "Elif", "Frank", "Grace", "Hugo", "Ines", "Jonas", "Kira", "Liam",
    "Mina", "Noah", "Olga", "Pedro", "Quinn", "Rosa", "Sami", "Tara", "Umar", "Viola", "Wim", "Xenia",
    "Yusuf", "Zoe", "Anton", "Bela", "Carla", "Dario", "Edda", "Farid", "Gwen", "Henri", "Iris", "Jakob",
];
pub(crate) const LAST_NAMES: [&str; 36] = [
    "Moreno", "Okafor", "Laurent", "Kim", "Demir", "Novak", "Mbeki", "Silva", "Haddad", "Weber", "Tanaka",
    "Byrne", "Costa", "Dahl", "Evers", "Fuchs", "Garcia", "Hansen", "Ivanov", "Jensen", "Kaya", "Lopez",
    "Meyer", "Nagy", "Ortiz", "Petit", "Rahman", "Sato", "Toth", "Urban", "Vogel", "Walsh", "Yilmaz",
    "Zhang", "Abbas", "Brandt",
];

/// Somebody who works there.
#[derive(Debug, Clone)]
pub(in crate::world) struct Person {
    pub(in crate::world) name: String,
    pub(in crate::world) email: String,
    pub(in crate::world) extension: Option<u32>,
    pub(in crate::world) department: Option<String>,
    pub(in crate::world) cost_center: Option<String>,
    pub(in crate::world) site: Option<String>,
}

/// Everybody, in the order of their extension numbers.
pub(in crate::world) fn of(file: &CompanyFile) -> Vec<Person> {
    let named = file.users.iter().map(|user| Person {
        name: user.name.clone(),
        email: user.email.clone().unwrap_or_else(|| address(&user.name)),
        extension: user.extension,
        department: user.department.clone(),
        cost_center: None,
        site: user.site.clone(),
    });
    let departments = file.departments.iter().flat_map(|it| std::iter::repeat_n(it, it.people));
    let made_up = departments.enumerate().map(|(nth, department)| {
        let name = made_up_name(nth);
        Person {
            email: address(&name),
            name,
            extension: None,
            department: Some(department.name.clone()),
            cost_center: department.cost_center.clone(),
            site: department.site.clone(),
        }
    });
    named.chain(made_up).collect()
}

/// A name for the nth person, each but once: after all pairs of names come those with a letter between.
fn made_up_name(nth: usize) -> String {
    let (first, round) = (nth % FIRST_NAMES.len(), nth / FIRST_NAMES.len());
    let last = LAST_NAMES[(first + round) % LAST_NAMES.len()];
    let first = FIRST_NAMES[first];
    match round / LAST_NAMES.len() {
        0 => format!("{first} {last}"),
        middle => {
            let letters = ('A'..='Z').cycle().nth(middle - 1).into_iter();
            let again = "x".repeat((middle - 1) / 26);
            format!("{first} {}{again}. {last}", letters.collect::<String>())
        }
    }
}

fn address(name: &str) -> String {
    let local: Vec<_> = name.split_whitespace().map(|part| part.trim_matches('.').to_lowercase()).collect();
    format!("{}@example.com", local.join("."))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn everybody_has_a_name_and_an_address_of_their_own() {
        let names: BTreeSet<_> = (0..40_000).map(made_up_name).collect();
        assert_eq!(names.len(), 40_000);
        let addresses: BTreeSet<_> = names.iter().map(|name| address(name)).collect();
        assert_eq!(addresses.len(), 40_000);
    }
}
