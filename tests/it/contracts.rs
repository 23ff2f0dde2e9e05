//! What others hold on to stays what it is written to be: the protobuf bindings are those of `proto/`.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

const REGENERATE: &str = "JOURNEYCAST_REGENERATE=1 cargo test --test it contracts";

/// Every `.proto` of the family, in the order of its name.
fn proto_files(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let entries = fs::read_dir(folder.join("journeycast/v1"))?.collect::<Result<Vec<_>, _>>()?;
    let mut files: Vec<PathBuf> = entries.iter().map(fs::DirEntry::path).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "proto"));
    files.sort();
    Ok(files)
}

/// The bindings as `proto/` has them now. Maps are sorted, so that equal messages have equal bytes.
fn bindings() -> Result<String, Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("proto");
    let mut compiler = protox::Compiler::new([&folder])?;
    compiler.include_source_info(true).include_imports(true).open_files(proto_files(&folder)?)?;
    let out = tempfile::tempdir()?;
    prost_build::Config::new().btree_map(["."]).out_dir(out.path()).compile_fds(compiler.file_descriptor_set())?;
    Ok(fs::read_to_string(out.path().join("journeycast.v1.rs"))?)
}

#[test]
fn the_bindings_checked_in_are_those_of_the_proto_files() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/wire/gen/journeycast.v1.rs");
    let wanted = bindings().unwrap();
    if env::var_os("JOURNEYCAST_REGENERATE").is_some() {
        fs::write(&path, &wanted).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == wanted, "src/wire/gen/journeycast.v1.rs is not what proto/ makes of it; run: {REGENERATE}");
}
