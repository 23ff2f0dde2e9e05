//! Trouble: why an input could not be read, or not to its end; each reason has a name that stays.

/// Why an input could not be read, or not to its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// There is nothing there.
    #[error("there is no such file or folder; an address begins with https:// or http://")]
    NotFound,
    /// The system does not let it be read.
    #[error("it cannot be read: {0}")]
    Unreadable(String),
    /// It holds nothing.
    #[error("it is empty")]
    Empty,
    /// It is neither markup nor script.
    #[error("it is not text: give a page, a script, a HAR file or a container of a tag manager")]
    NotText,
    /// It is longer than what is read.
    #[error("it is longer than {0} MiB, which is the most that is read")]
    TooLarge(u64),
    /// A HAR file whose end is missing.
    #[error("the HAR file is cut short; what is there was read")]
    HarCutShort,
    /// A HAR file that ends before anything was recorded.
    #[error("the HAR file is cut short before its first request; nothing of it could be read")]
    HarCutBeforeAll,
    /// A HAR file of nothing.
    #[error("the recording holds no request: record the page while it loads, and save the HAR file with content")]
    NoEntries,
    /// Recorded events that tell of nothing.
    #[error("none of its lines is a recorded visit or offer")]
    NoEvents,
    /// A page in the form of a mail.
    #[error("it is a web archive (MHTML), which is not read: save the page as HTML, or record it as a HAR file")]
    WebArchive,
    /// JSON whose end is missing.
    #[error("the JSON is cut short; what is there was read")]
    JsonCutShort,
    /// The address is none that can be fetched.
    #[error("the address cannot be fetched: {0}")]
    BadAddress(String),
    /// No answer in time.
    #[error("there was no answer within {0} seconds")]
    TimedOut(u64),
    /// One redirection leads to the next.
    #[error("there were more than {0} redirections")]
    TooManyRedirects(u32),
    /// A redirection leads nowhere.
    #[error("it redirects to what cannot be fetched: {0}")]
    BadRedirect(String),
    /// There is an answer that cannot be read.
    #[error("the answer cannot be read: {0}")]
    BadAnswer(String),
    /// The answer ends before its end.
    #[error("the answer was cut off before its end")]
    AnswerCutShort,
    /// A folder without anything to read.
    #[error("nothing in the folder can be read as a page, a script, a HAR file or a container")]
    NothingToRead,
    /// The connection is not safe.
    #[error("the connection is not safe: {0}")]
    Tls(String),
    /// Nobody answers there.
    #[error("no connection: {0}")]
    NoConnection(String),
    /// There is no browser to drive.
    #[error(
        "no Chromium is installed (looked for chromium, google-chrome and chrome): install one, or leave --browser out"
    )]
    NoBrowser,
    /// The browser does not do what it is asked.
    #[error("the browser failed: {0}")]
    BrowserFailed(String),
    /// There is nothing to click on.
    #[error("nothing on the page is {0:?}: --consent-click takes a CSS selector of what agrees")]
    NoSuchElement(String),
    /// What Genesys answers is no configuration.
    #[error("the answer is no configuration of a deployment")]
    NoConfiguration,
    /// The server refuses.
    #[error("the server answered {0}")]
    Status(u16),
}

impl Trouble {
    /// Its name: a word that stays.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Unreadable(_) => "unreadable",
            Self::Empty => "empty",
            Self::NotText => "not_text",
            Self::TooLarge(_) => "too_large",
            Self::HarCutShort | Self::HarCutBeforeAll => "har_cut_short",
            Self::NoEntries => "no_entries",
            Self::NoEvents => "no_events",
            Self::WebArchive => "web_archive",
            Self::JsonCutShort => "json_cut_short",
            Self::BadAddress(_) => "bad_address",
            Self::TimedOut(_) => "timed_out",
            Self::TooManyRedirects(_) => "too_many_redirects",
            Self::BadRedirect(_) => "bad_redirect",
            Self::BadAnswer(_) => "bad_answer",
            Self::AnswerCutShort => "answer_cut_short",
            Self::NothingToRead => "nothing_to_read",
            Self::Tls(_) => "tls",
            Self::NoConnection(_) => "no_connection",
            Self::NoBrowser => "no_browser",
            Self::BrowserFailed(_) => "browser_failed",
            Self::NoSuchElement(_) => "no_such_element",
            Self::NoConfiguration => "no_configuration",
            Self::Status(_) => "status",
        }
    }
}
