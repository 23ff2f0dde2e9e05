//! What others hold on to stays what it is written to be: bindings and AsyncAPI document are those of `proto/`.

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

/// The AsyncAPI document with every schema that names a file of `proto/` replaced by that file's text.
fn asyncapi_of_the_proto_files(document: &str) -> Result<String, Box<dyn Error>> {
    let indent_of = |line: &str| line.len() - line.trim_start().len();
    let mut out = String::new();
    let mut replaced_below = None;
    for line in document.lines() {
        if replaced_below.is_some_and(|indent| line.trim().is_empty() || indent_of(line) > indent) {
            continue;
        }
        replaced_below = None;
        out.extend([line, "\n"]);
        if let Some((_, file)) = line.split_once("schema: | # ") {
            let indent = indent_of(line);
            for line in fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file))?.lines() {
                let margin = if line.is_empty() { 0 } else { indent + 2 };
                out.push_str(&format!("{:margin$}{line}\n", ""));
            }
            replaced_below = Some(indent);
        }
    }
    Ok(out)
}

#[test]
fn the_asyncapi_document_holds_the_proto_files_as_they_are() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/asyncapi.yaml");
    let found = fs::read_to_string(&path).unwrap();
    let wanted = asyncapi_of_the_proto_files(&found).unwrap();
    assert_eq!(wanted.matches("package journeycast.v1;").count(), 2, "both messages are described");
    if env::var_os("JOURNEYCAST_REGENERATE").is_some() {
        fs::write(&path, &wanted).unwrap();
    }
    assert!(found == wanted, "schemas/asyncapi.yaml is not what proto/ says; run: {REGENERATE}");
}
