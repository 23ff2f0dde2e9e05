//! What others hold on to stays what it is written to be: bindings and AsyncAPI document are those of `proto/`.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use journeycast::wire::standing_alone;
use prost_types::{DescriptorProto, FileDescriptorProto};

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

/// The AsyncAPI document with every schema that names a file of `proto/` replaced by that file's text, standing alone.
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
            let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file))?;
            for line in standing_alone(&text).lines() {
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

/// A field, the class that it is marked with, and whether it holds a message of ours.
struct Marked {
    field: String,
    class: String,
    is_message: bool,
}

/// Every field of every message of `proto/` with the data class that it is marked with; entries of maps are the map's own.
fn data_classes(folder: &Path) -> Result<Vec<Marked>, Box<dyn Error>> {
    let mut compiler = protox::Compiler::new([folder])?;
    compiler.include_imports(true).open_files(proto_files(folder)?)?;
    let pool = compiler.descriptor_pool();
    let option = pool.get_extension_by_name("journeycast.v1.data_class").ok_or("there is no such option")?;
    let classes = pool.get_enum_by_name("journeycast.v1.DataClass").ok_or("there are no classes")?;
    let mut marked = Vec::new();
    for message in pool.all_messages().filter(|message| message.package_name() == "journeycast.v1") {
        for field in message.fields().filter(|_| !message.is_map_entry()) {
            let options = field.options();
            let class = options.get_extension(&option).as_enum_number().and_then(|number| classes.get_value(number));
            let class = class.map_or_else(String::new, |class| class.name().to_owned());
            let kind = field.kind();
            let own = kind.as_message().filter(|kind| !kind.is_map_entry() && kind.package_name() == "journeycast.v1");
            marked.push(Marked { field: field.full_name().to_owned(), class, is_message: own.is_some() });
        }
    }
    Ok(marked)
}

/// What is not as it must be, a sentence each.
fn complaints_about_classes(marked: &[Marked]) -> Vec<String> {
    let complaint = |Marked { field, class, is_message }: &Marked| match class.as_str() {
        "DATA_CLASS_UNSPECIFIED" | "" => Some(format!("{field} has no data class: add [(data_class) = DATA_CLASS_…]")),
        "DATA_CLASS_PERSONAL" | "DATA_CLASS_PSEUDONYMOUS" => Some(format!("{field} is {class}: nothing public may be")),
        class if (class == "DATA_CLASS_COMPOSITE") != *is_message => {
            Some(format!("{field} is {class}: COMPOSITE is for messages of ours, and they are nothing else"))
        }
        _ => None,
    };
    marked.iter().filter_map(complaint).collect()
}

#[test]
fn every_public_field_is_marked_with_its_data_class_and_none_is_personal() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("proto");
    let marked = data_classes(&folder).unwrap();
    assert!(marked.len() > 60, "only {} fields were found", marked.len());
    assert_eq!(complaints_about_classes(&marked), Vec::<String>::new());
}

#[test]
fn a_field_without_a_class_and_one_that_tells_of_somebody_are_found_out() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("proto/journeycast/v1");
    for (written, instead, complaint) in [
        ("revision = 8 [(data_class) = DATA_CLASS_DESCRIPTION]", "revision = 8", "revision has no data class"),
        (
            "revision = 8 [(data_class) = DATA_CLASS_DESCRIPTION]",
            "revision = 8 [(data_class) = DATA_CLASS_PERSONAL]",
            "revision is DATA_CLASS_PERSONAL",
        ),
        (
            "p10 = 2 [(data_class) = DATA_CLASS_AGGREGATE]",
            "p10 = 2 [(data_class) = DATA_CLASS_PSEUDONYMOUS]",
            "p10 is DATA_CLASS_PSEUDONYMOUS",
        ),
        (
            "Evidence evidence = 18 [(data_class) = DATA_CLASS_COMPOSITE]",
            "Evidence evidence = 18 [(data_class) = DATA_CLASS_AGGREGATE]",
            "evidence is DATA_CLASS_AGGREGATE",
        ),
    ] {
        let changed = tempfile::tempdir().unwrap();
        let there = changed.path().join("journeycast/v1");
        fs::create_dir_all(&there).unwrap();
        for file in ["data_class.proto", "baseline_interval.proto", "volume_adjustment.proto"] {
            let text = fs::read_to_string(here.join(file)).unwrap();
            fs::write(there.join(file), text.replace(written, instead)).unwrap();
        }
        let complaints = complaints_about_classes(&data_classes(changed.path()).unwrap());
        assert!(complaints.len() == 1 && complaints[0].contains(complaint), "{complaints:?}");
    }
}

/// The file that a folder holds under this name, without what is imported for data classes and without the classes.
fn unclassed(folder: &Path, name: &str) -> Result<FileDescriptorProto, Box<dyn Error>> {
    fn without_options(message: &mut DescriptorProto) {
        message.field.iter_mut().for_each(|field| field.options = None);
        message.nested_type.iter_mut().for_each(without_options);
    }
    let mut compiler = protox::Compiler::new([folder])?;
    let compiled = compiler.open_file(name)?.file_descriptor_set();
    let mut file = compiled.file.into_iter().find(|file| file.name() == name).ok_or("it was compiled")?;
    file.dependency.retain(|import| !import.ends_with("data_class.proto"));
    file.message_type.iter_mut().for_each(without_options);
    Ok(file)
}

#[test]
fn what_registries_are_given_is_the_same_schema_and_stands_alone() {
    let proto = Path::new(env!("CARGO_MANIFEST_DIR")).join("proto");
    for name in ["journeycast/v1/volume_adjustment.proto", "journeycast/v1/baseline_interval.proto"] {
        let alone = tempfile::tempdir().unwrap();
        fs::create_dir_all(alone.path().join("journeycast/v1")).unwrap();
        let text = standing_alone(&fs::read_to_string(proto.join(name)).unwrap());
        assert!(!text.contains("data_class"), "{text}");
        fs::write(alone.path().join(name), text).unwrap();
        assert_eq!(unclassed(alone.path(), name).unwrap(), unclassed(&proto, name).unwrap());
    }
}
