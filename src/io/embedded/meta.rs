//! Small notes that outlive a run, such as which master key is the right one.

use rusqlite::{OptionalExtension, params};

use super::{Embedded, EmbeddedError};

impl Embedded {
    /// What was noted under this name.
    ///
    /// # Errors
    ///
    /// Where the database fails.
    pub fn get_meta(&self, name: &str) -> Result<Option<Vec<u8>>, EmbeddedError> {
        let sql = "SELECT value FROM meta WHERE key = ?1";
        self.look(|connection| connection.prepare_cached(sql)?.query_row([name], |row| row.get(0)).optional())
    }

    /// The number that was noted under this name.
    pub(super) fn number(&self, name: &str) -> Result<Option<i64>, EmbeddedError> {
        let sql = "SELECT value FROM meta WHERE key = ?1";
        self.look(|connection| connection.prepare_cached(sql)?.query_row([name], |row| row.get(0)).optional())
    }

    /// Notes a value under a name, in place of what was there.
    ///
    /// # Errors
    ///
    /// Where the database fails.
    pub fn set_meta(&mut self, name: &str, value: &[u8]) -> Result<(), EmbeddedError> {
        let sql = "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = excluded.value";
        self.look(|connection| connection.prepare_cached(sql)?.execute(params![name, value]).map(|_| ()))
    }
}
