//! Stories of gates: what a call of `load` in a script waits for.

use super::{Gate, Script};

/// What the last `load` of a script waits for, in one word.
fn waits(source: &str) -> &'static str {
    let script = Script::new(source, 1);
    let at = (0..script.tokens.len()).rfind(|at| script.word(*at) == Some("load")).expect("the script loads");
    match Gate::before(&script, at) {
        Gate::Open => "open",
        Gate::Consent(_) => "consent",
        Gate::Never => "never",
        Gate::CallOf(_) => "call",
    }
}

#[track_caller]
fn all_wait(table: &[(&str, &str)]) {
    for (source, expected) in table {
        assert_eq!(waits(source), *expected, "{source}");
    }
}

#[test]
fn a_block_that_is_finished_holds_nothing_back_that_follows_it() {
    all_wait(&[
        ("function OptanonWrapper() {}\n(function () { load(); })();", "open"),
        ("if (false) { debug(); }\n(function () { load(); })();", "open"),
        ("if (hasConsent) { a(); } else { b(); }\n(function () { load(); })();", "open"),
        ("try { a(); } catch (consentError) { b(); }\n(function () { load(); })();", "open"),
        ("for (const consent of all) { show(consent); }\n[1].forEach(function () { load(); });", "open"),
        ("const onConsent = () => { a(); }\n(function () { load(); })();", "open"),
        ("async function saveConsent(): void { a(); }\n(function () { load(); })();", "open"),
        ("onConsent(function () { load(); });", "consent"),
        ("cookieConsent.then(function () { a(); }).then(function () { load(); });", "consent"),
    ]);
}

#[test]
fn a_function_that_is_declared_is_not_called_by_the_bracket_behind_it() {
    all_wait(&[
        ("function chat() { load(); }\n(function () { onConsent(chat); })();", "consent"),
        ("(function chat() { load(); })(onConsent);", "open"),
    ]);
}

#[test]
fn a_line_ends_a_statement_where_nothing_can_go_on_with_it() {
    all_wait(&[
        ("gtag('consent', 'default', {})\n!function () { load() }()", "open"),
        ("showConsent()\nvar s = 1\nload()", "open"),
        ("if (hasConsent)\n  load()", "consent"),
        ("hasConsent\n  && load()", "consent"),
        ("whenConsent\n  .then(load)", "consent"),
    ]);
}

#[test]
fn headers_pages_and_orders_are_no_consent() {
    all_wait(&[
        ("fetch('/x', { headers: { Accept: 'application/json' } }).then(function () { load(); });", "open"),
        ("if (location.pathname !== '/datenschutz') { load(); }", "open"),
        ("if (!/^\\/cookie-policy/.test(location.pathname)) { load(); }", "open"),
        ("if (shop.acceptsOrders) { load(); }", "open"),
        ("if (module.hot) { module.hot.accept(load); }", "open"),
        ("document.querySelector('#btn-accept').onclick = load;", "consent"),
        ("banner.on('acceptAll', load);", "consent"),
        ("if (Cookies.get('cookies') === 'accepted') { load(); }", "consent"),
        ("if (/cookie_level=(accepted|all)/.test(document.cookie)) { load(); }", "consent"),
    ]);
}

#[test]
fn who_has_not_refused_was_not_asked() {
    all_wait(&[
        ("if (get('cookie_consent') !== 'rejected') load();", "open"),
        ("(function () { if (get('consent') === 'denied') return; load(); })();", "open"),
        ("const kept = get('consent'); if (kept !== 'opt-out') load();", "open"),
        ("if (!document.cookie.includes('consent=no')) load();", "open"),
        ("if (get('ads') !== 'denied' && get('consent') === 'granted') load();", "consent"),
        ("(function () { if (get('consent') !== 'granted') return; load(); })();", "consent"),
    ]);
}

#[test]
fn a_click_is_that_on_the_banner_where_another_call_asks_for_consent() {
    let banner = "ok.addEventListener('click', function () { save(); chat(); });";
    let chat = "function chat() { load(); }";
    // The last `load` is that of the function, so it stands last.
    all_wait(&[
        (&format!("if (get('consent') === 'granted') chat(); {banner} {chat}"), "consent"),
        (&format!("if (get('consent') === 'granted') chat(); ok.onclick = chat; {chat}"), "consent"),
        (&format!("{banner} {chat}"), "open"),
        (&format!("if (get('consent') === 'granted') chat(); chat(); {chat}"), "open"),
    ]);
}

#[test]
fn a_kept_answer_counts_where_a_function_is_left_without_it() {
    all_wait(&[
        ("const allowed = useConsent(); run(() => { if (!allowed) return; load(); });", "consent"),
        ("const shown = showConsent(); run(() => { if (shown) return; load(); });", "open"),
    ]);
}

#[test]
fn what_a_script_settles_by_itself_is_never_or_always() {
    all_wait(&[
        ("var FLAGS = { chat: false }; if (FLAGS.chat) { load(); }", "never"),
        ("var FLAGS = { chat: false }; FLAGS.chat = ask(); if (FLAGS.chat) { load(); }", "open"),
        ("var FLAGS = { chat: false }; fill(FLAGS); if (FLAGS.chat) { load(); }", "open"),
        ("var on = 0; on && load();", "never"),
        ("var on = 0; on++; on && load();", "open"),
        ("var on = 0; function f(on) { on && load(); } f(1);", "open"),
        ("false ? load() : 0;", "never"),
        ("false ? 0 : load();", "open"),
        ("true ? 0 : load();", "never"),
        ("f(true ? 0 : 1, load());", "open"),
        ("if (true) { a(); } else { load(); }", "never"),
        ("var is = 'no'; if (is === 'yes') { load(); }", "never"),
        ("var is = '{{ answer }}'; if (is === 'yes') { load(); }", "open"),
        ("if (!0) { load(); }", "open"),
        ("true || load();", "never"),
    ]);
}

#[test]
fn a_function_within_a_function_that_nothing_names_never_runs() {
    all_wait(&[
        ("(function () { function chat() { load(); } a(); })();", "never"),
        ("(() => { const chat = () => { load(); }; a(); })();", "never"),
        ("(function () { function chat() { load(); } return { chat }; })();", "open"),
        ("(function () { const chat = () => load(); return html`<b @click=${chat}>`; })();", "open"),
        ("function chat() { load(); }", "call"),
    ]);
}
