//! The schema of what is said as one file that stands alone: for readers that cannot follow an import.

/// How a field's data class is written, up to the class.
const CLASS: &str = " [(data_class) = ";
/// The line that brings the option.
const IMPORT: &str = "import \"journeycast/v1/data_class.proto\";";

/// The text of a file of `proto/` without data classes. They say what a field holds, never how it is read: the bytes of a
/// message are the same under either text.
pub fn standing_alone(proto: &str) -> String {
    let lines = proto.lines().filter(|line| *line != IMPORT);
    let plain = lines.map(|line| match line.split_once(CLASS) {
        Some((field, _)) => format!("{field};\n"),
        None => format!("{line}\n"),
    });
    plain.collect()
}
