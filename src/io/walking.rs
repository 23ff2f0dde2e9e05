//! Walking: which files a folder holds, in an order that stays.

use std::path::{Path, PathBuf};

/// Folders that hold nothing of a page's makers.
const PASSED_OVER: [&str; 4] = [".git", ".hg", ".svn", "node_modules"];

/// What was met in a folder.
#[derive(Debug)]
pub enum Met {
    /// A file.
    File(PathBuf),
    /// Something that cannot be looked into, and why.
    Closed(PathBuf, std::io::Error),
}

/// Everything in a folder and below it, by name. Links are not followed out of the folder, nor in circles: not at all.
pub fn files_below(folder: &Path) -> Vec<Met> {
    let mut met = Vec::new();
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(folder) = waiting.pop() {
        let listed = match std::fs::read_dir(&folder) {
            Ok(listed) => listed,
            Err(error) => {
                met.push(Met::Closed(folder, error));
                continue;
            }
        };
        let mut entries: Vec<(PathBuf, std::io::Result<std::fs::FileType>)> = Vec::new();
        for entry in listed {
            match entry {
                Ok(entry) => entries.push((entry.path(), entry.file_type())),
                Err(error) => met.push(Met::Closed(folder.clone(), error)),
            }
        }
        entries.sort_by(|one, other| one.0.cmp(&other.0));
        for (path, kind) in entries {
            match kind {
                Ok(kind) if kind.is_dir() => {
                    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
                    if !PASSED_OVER.contains(&name) {
                        waiting.push(path);
                    }
                }
                Ok(kind) if kind.is_file() => met.push(Met::File(path)),
                Ok(_) => {}
                Err(error) => met.push(Met::Closed(path, error)),
            }
        }
    }
    met.sort_by(|one, other| path_of(one).cmp(path_of(other)));
    met
}

fn path_of(met: &Met) -> &Path {
    match met {
        Met::File(path) | Met::Closed(path, _) => path,
    }
}
