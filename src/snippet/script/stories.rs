//! Stories of the lexer: what is code, what is not, and what a string says.

use super::text::string_value;
use super::{Kind, Script, html_unescaped};

fn kinds(source: &str) -> Vec<(Kind, &str)> {
    let script = Script::new(source, 1);
    (0..script.tokens.len()).map(|at| (script.tokens[at].kind, script.raw(at))).collect()
}

#[test]
fn comments_are_no_tokens_and_strings_hide_what_looks_like_comments() {
    let script = Script::new("a /* b 'c */ + 'd // e' // f\n+ g", 1);
    let raws: Vec<&str> = (0..script.tokens.len()).map(|at| script.raw(at)).collect();
    assert_eq!(raws, ["a", "+", "'d // e'", "+", "g"]);
    assert_eq!(script.comments.len(), 2);
}

#[test]
fn a_slash_divides_a_value_and_starts_a_regular_expression_elsewhere() {
    assert_eq!(kinds("a / b / c").iter().filter(|it| it.0 == Kind::Regex).count(), 0);
    assert_eq!(kinds("x = /['\"]/g.test(y)")[2], (Kind::Regex, "/['\"]/g"));
    assert_eq!(kinds("if (a) /'/.test(b)")[4], (Kind::Regex, "/'/"));
    assert_eq!(kinds("(a) / 2 / 'b'").last(), Some(&(Kind::Text, "'b'")));
    assert_eq!(kinds("return /[/']/")[1], (Kind::Regex, "/[/']/"));
}

#[test]
fn a_template_is_one_token_with_whatever_is_nested_in_it() {
    assert_eq!(kinds("`a ${b ? `c ${d}` : {e: 1}} f` + g")[0].1, "`a ${b ? `c ${d}` : {e: 1}} f`");
}

#[test]
fn a_stray_quote_spoils_one_line_only() {
    let script = Script::new("<p>don't</p>\nload('x')", 1);
    assert!((0..script.tokens.len()).any(|at| script.text(at).as_deref() == Some("x")));
}

#[test]
fn escapes_of_scripts_json_and_markup_are_undone() {
    for (literal, value) in [
        (r#""\u003Cscript\u003e""#, "<script>"),
        (r#"'\x3cb\x3E'"#, "<b>"),
        (r#""a\/b\n""#, "a/b\n"),
        (r#""\ud83d\ude00\u{41}""#, "😀A"),
        (r#""\u00""#, "00"),
        (r#""\"#, ""),
    ] {
        assert_eq!(string_value(literal), value, "{literal}");
    }
    assert_eq!(html_unescaped("&lt;a href=&quot;x&amp;y&quot;&gt; & z"), "<a href=\"x&y\"> & z");
}

#[test]
fn brackets_find_each_other_and_lines_are_counted() {
    let script = Script::new("f(\n[1,\n{a: 2}]\n)", 10);
    assert_eq!(script.pair(1), Some(script.tokens.len() - 1));
    assert_eq!(script.line(script.tokens.len() - 1), 13);
    assert_eq!(script.parent(0), None);
}

#[test]
fn nothing_that_is_no_script_makes_it_fail() {
    for text in ["", "(((((", "}}}}", "'", "`${`${`", "/", "/*", "\\", "\u{fffd}é\\é'\\é", "<html><body>'</body>"] {
        kinds(text);
    }
    let deep = "(".repeat(100_000) + &")".repeat(100_000);
    assert_eq!(kinds(&deep).len(), 200_000);
}
