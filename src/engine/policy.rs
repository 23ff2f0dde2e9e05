//! Policy: what may enter and as what; today the classes of pages, whose addresses end here.

use std::sync::Arc;

use crate::settings::PageClass;

/// Tells the kind of a page from its address.
#[derive(Debug, Clone, Default)]
pub struct PagePolicy {
    classes: Vec<PageClass>,
}

impl PagePolicy {
    /// The classes in the order in which they are tried.
    pub const fn new(classes: Vec<PageClass>) -> Self {
        Self { classes }
    }

    /// The class of a page: the first whose host and path match.
    pub fn class_of(&self, host: &str, path: &str) -> Option<&Arc<str>> {
        let found = self.classes.iter().find(|class| class.host.eq_ignore_ascii_case(host) && class.path.matches(path));
        found.map(|class| &class.id)
    }
}
