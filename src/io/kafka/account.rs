//! What became of the records of one input partition, as text that is committed with its offset.
//!
//! The figures are absolute: whoever reads on from the offset goes on from them, and nothing is counted twice.

use crate::io::reading::Accounting;
use crate::wire::genesys::Class;

/// The layout that this version writes and reads.
const VERSION: &str = "v1";

/// Writes an account.
pub(super) fn written(account: &Accounting) -> String {
    let Accounting { admitted, not_relevant, not_permitted, set_aside } = account;
    let mut text = format!("{VERSION};admitted={admitted};not_relevant={not_relevant};not_permitted={not_permitted}");
    for (class, records) in set_aside {
        text += &format!(";{}={records}", class.name());
    }
    text
}

/// Reads an account; whatever is not one of ours counts nothing.
pub(super) fn read(text: &str) -> Accounting {
    let mut account = Accounting::default();
    let mut parts = text.split(';');
    if parts.next() != Some(VERSION) {
        return account;
    }
    for (name, records) in parts.filter_map(|part| part.split_once('=')) {
        let Ok(records) = records.parse() else { continue };
        match name {
            "admitted" => account.admitted = records,
            "not_relevant" => account.not_relevant = records,
            "not_permitted" => account.not_permitted = records,
            class => {
                if let Some(class) = Class::ALL.into_iter().find(|other| other.name() == class) {
                    account.set_aside.insert(class, records);
                }
            }
        }
    }
    account
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_comes_back_as_it_was_committed_and_fits_what_a_broker_takes() {
        let mut account = Accounting { admitted: u64::MAX, not_relevant: 2, not_permitted: 3, ..Accounting::default() };
        account.set_aside = Class::ALL.into_iter().map(|class| (class, u64::MAX)).collect();
        let text = written(&account);
        assert_eq!(read(&text), account);
        assert!(text.len() < 1_024, "{}", text.len());
    }

    #[test]
    fn what_somebody_else_committed_counts_nothing() {
        for text in ["", "v2;admitted=3", "admitted=3", "v1;admitted=many;of_another_kind=3"] {
            assert_eq!(read(text), Accounting::default(), "{text}");
        }
    }
}
