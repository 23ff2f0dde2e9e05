//! The master key of a data folder: made on first run, and recognized ever after.

use std::path::Path;

use rusqlite::Connection;

use super::{Embedded, EmbeddedError};
use crate::io::master::{Master, MasterError, make, random};

/// The name of the value in `meta` that only the right master opens.
const CHECK: &str = "master_check";
/// What that value is bound to, and what it says.
const CHECK_TEXT: &[u8] = b"journeycast master check";

/// Reads the data folder's own key, or makes it where nothing was ever made with one. Only one process may do so at a time.
pub(super) fn own(
    file: &Path,
    is_known: impl FnOnce() -> Result<bool, EmbeddedError>,
) -> Result<Master, EmbeddedError> {
    let unusable = |source| MasterError::Unreadable { file: file.to_path_buf(), source };
    if !file.try_exists().map_err(unusable)? {
        if is_known()? {
            let database = file.with_file_name(super::DATABASE);
            return Err(EmbeddedError::MasterMissing { file: file.to_path_buf(), database });
        }
        make(file, &random().map_err(EmbeddedError::from)?).map_err(unusable)?;
    }
    Ok(Master::read(file)?)
}

/// Whether something in the database was made with a master key.
pub(super) fn is_known(connection: &Connection, file: &Path) -> Result<bool, EmbeddedError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM meta WHERE key = ?1)";
    connection.query_row(sql, [CHECK], |row| row.get(0)).map_err(|error| EmbeddedError::of(file, error))
}

impl Embedded {
    /// Refuses a master other than the one that this database was made with; `key_file` is where it came from.
    pub(super) fn recognize_master(&mut self, key_file: &Path) -> Result<(), EmbeddedError> {
        let check = match self.get_meta(CHECK)? {
            Some(check) => check,
            None => {
                let check = self.master.wrap(CHECK_TEXT, CHECK_TEXT)?;
                self.set_meta(CHECK, &check)?;
                check
            }
        };
        if self.master.unwrap(&check, CHECK_TEXT).as_deref() == Some(CHECK_TEXT) {
            return Ok(());
        }
        Err(EmbeddedError::MasterOther { file: key_file.to_path_buf(), database: self.file.clone() })
    }
}
