//! Signing: what a signature says, and how it is written into the policy's file.

use jiff::civil::Date;

use super::Policy;
use crate::settings::show::quote;
use crate::settings::{Complaint, Place, SettingsError};

/// What is signed beside the policy itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signing {
    /// Who reviewed it.
    pub reviewed_by: String,
    /// When it was approved.
    pub approved_on: Date,
    /// The last day on which it holds.
    pub review_by: Date,
}

impl Policy {
    /// What the policy and a signature hash to: who moves a date without a review changes it as well.
    pub(super) fn hash_under(&self, signing: &Signing) -> String {
        let Signing { reviewed_by, approved_on, review_by } = signing;
        let signed = serde_json::json!({
            "approved_on": approved_on.to_string(),
            "policy": self.normal_form(),
            "review_by": review_by.to_string(),
            "reviewed_by": reviewed_by,
        });
        blake3::hash(signed.to_string().as_bytes()).to_hex().to_string()
    }

    /// The text of a policy file with this signature, in place of the one that it had; everything else stays as it is.
    ///
    /// # Errors
    ///
    /// Where the policy is wrong, or its old signature cannot be taken out.
    pub fn signed(text: &str, file_name: &str, signing: &Signing) -> Result<String, SettingsError> {
        let bare = without_signature(text);
        let policy = Self::parse(&bare, file_name)?;
        if let Some(old) = &policy.sign_off {
            return Err(cannot_sign(file_name, &old.hash_place));
        }
        let Signing { reviewed_by, approved_on, review_by } = signing;
        let text = format!(
            "{}\n\n[sign_off]\nreviewed_by = {}\napproved_on = \"{approved_on}\"\nreview_by = \"{review_by}\"\nhash = \"{}\"\n",
            bare.trim_end(),
            quote(reviewed_by),
            policy.hash_under(signing)
        );
        Self::parse(&text, file_name)?;
        Ok(text)
    }
}

fn cannot_sign(file_name: &str, place: &Place) -> SettingsError {
    let message = "the old signature cannot be taken out; write it as a table, [sign_off], or take it out".to_owned();
    SettingsError::new(file_name, vec![Complaint { place: place.clone(), key: "sign_off".to_owned(), message }])
}

/// Without the table of the signature; comments in it stay.
fn without_signature(text: &str) -> String {
    let mut is_signature = false;
    let mut kept = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let said = line.trim();
        if said.starts_with('[') {
            let header = said.split('#').next().unwrap_or("").replace([' ', '\t'], "");
            is_signature = header == "[sign_off]";
        }
        if !is_signature || said.starts_with('#') {
            kept.push_str(line);
        }
    }
    kept
}
