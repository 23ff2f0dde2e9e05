//! A real Apache Kafka for the stories: one JVM on the loopback, from Maven Central, gone when the tests are.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use journeycast::io::clock::Watch;
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use tempfile::TempDir;

/// Another cluster to be used instead; its topics of journeycast's names are deleted.
pub const GIVEN: &str = "JOURNEYCAST_TEST_KAFKA";
const CLUSTER_ID: &str = "am91cm5leWNhc3QtdGVzdA";
const PATIENCE: Duration = Duration::from_secs(60);

/// Ends the broker as soon as the tests that hold its standard input do, however they end.
const WATCHED: &str = r#"java "$@" >> "$OUT" 2>&1 & pid=$!; echo $pid; cat > /dev/null; kill -9 $pid 2> /dev/null"#;

/// A broker of our own, or one that was given.
pub struct Broker {
    servers: String,
    own: Option<Own>,
}

/// Who may come in by the secure door, in broker and client.
pub const USER: &str = "journeycast";
pub const PASSWORD: &str = "a-secret-of-tests";

struct Own {
    folder: TempDir,
    class_path: String,
    running: Option<(Child, ChildStdin, String)>,
}

impl Broker {
    /// A broker; none where it cannot be had, which is told in one line, and is a failure in CI.
    pub fn of() -> Option<Self> {
        Self::with(false)
    }

    #[cfg(all(test, feature = "tls"))]
    /// The same with a second door: TLS and SCRAM. Its address and the file of its certificate.
    pub fn secure() -> Option<(Self, String, PathBuf)> {
        let broker = Self::with(true)?;
        let folder = broker.own.as_ref()?.folder.path().to_owned();
        let address = fs::read_to_string(folder.join("secure")).expect("it was written");
        let certificate = folder.join("ca.pem");
        Some((broker, address, certificate))
    }

    fn with(second_door: bool) -> Option<Self> {
        if let Ok(servers) = std::env::var(GIVEN) {
            return Some(Self { servers, own: None });
        }
        match class_path() {
            Ok(class_path) => Some(Self::of_jars(class_path, second_door)),
            Err(why) => {
                let line = format!(
                    "Kafka stories were not run: {why}; install Java 17 and Maven, or set {GIVEN}=host:port to a broker for tests"
                );
                assert!(std::env::var("CI").as_deref() != Ok("true"), "{line}");
                eprintln!("{line}");
                None
            }
        }
    }

    fn of_jars(class_path: String, has_second_door: bool) -> Self {
        let folder = tempfile::tempdir().expect("there is room");
        let free = || TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let (one, other, third) = (free(), free(), free());
        let port = |it: &TcpListener| it.local_addr().expect("it is bound").port().to_string();
        let (port, controller, secure) = (port(&one), port(&other), port(&third));
        let place = folder.path().display().to_string();
        let settings = include_str!("../../kafka/broker.properties");
        let filled = [("@PORT@", &port), ("@CONTROLLER@", &controller), ("@FOLDER@", &place)];
        let settings = filled.iter().fold(settings.to_owned(), |text, (name, value)| text.replace(name, value));
        let settings = if has_second_door { second_door(&settings, folder.path(), &secure) } else { settings };
        fs::write(folder.path().join("server.properties"), settings).expect("it can be written");
        drop((one, other, third));
        let own = Own { folder, class_path, running: None };
        own.format(has_second_door);
        let mut broker = Self { servers: format!("127.0.0.1:{port}"), own: Some(own) };
        broker.start();
        broker
    }

    pub fn servers(&self) -> &str {
        &self.servers
    }

    /// Whether it is ours, and may be killed.
    pub const fn is_own(&self) -> bool {
        self.own.is_some()
    }

    /// Starts it again where it was killed; returns when it answers.
    pub fn start(&mut self) {
        if let Some(own) = &mut self.own
            && own.running.is_none()
        {
            own.start();
        }
        let consumer: BaseConsumer = client(&self.servers).create().expect("it is a client");
        let waiting = Watch::start();
        while consumer.fetch_metadata(None, Duration::from_secs(1)).map_or(true, |found| found.brokers().is_empty()) {
            assert!(waiting.elapsed() < PATIENCE, "the broker does not answer: {}", self.said());
        }
    }

    /// Kills it in the middle of whatever it does.
    pub fn kill(&mut self) {
        if let Some((mut child, stdin, _)) = self.own.as_mut().and_then(|own| own.running.take()) {
            drop(stdin);
            child.wait().expect("it ends");
        }
    }

    fn said(&self) -> String {
        let own = self.own.as_ref();
        own.and_then(|own| fs::read_to_string(own.folder.path().join("out.log")).ok()).unwrap_or_default()
    }
}

impl Own {
    fn java(&self, words: &[&str]) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", WATCHED, "broker", "-Xms64m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]);
        command.args(["-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]).args(words);
        command.env("CLASSPATH", &self.class_path).env("OUT", self.folder.path().join("out.log"));
        command
    }

    fn settings(&self) -> String {
        self.folder.path().join("server.properties").display().to_string()
    }

    fn format(&self, has_second_door: bool) {
        let settings = self.settings();
        let words = ["kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", &settings];
        let user = format!("SCRAM-SHA-512=[name={USER},password={PASSWORD},iterations=4096]");
        let more = if has_second_door { vec!["--add-scram", &user] } else { Vec::new() };
        let formatted = Command::new("java").args(words).args(more).env("CLASSPATH", &self.class_path).output();
        let formatted = formatted.expect("java starts");
        assert!(formatted.status.success(), "{}", String::from_utf8_lossy(&formatted.stderr));
    }

    fn start(&mut self) {
        let mut command = self.java(&["kafka.Kafka", &self.settings()]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
        let stdin = child.stdin.take().expect("it is piped");
        let mut pid = String::new();
        BufReader::new(child.stdout.take().expect("it is piped")).read_line(&mut pid).expect("it says its number");
        self.running = Some((child, stdin, pid.trim().to_owned()));
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The settings with a listener for TLS and SCRAM beside the plain one, and its certificate in the folder.
fn second_door(settings: &str, folder: &Path, port: &str) -> String {
    let keytool = |words: &[&str]| {
        let made = Command::new("keytool").args(words).current_dir(folder).output().expect("a JDK has keytool");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stdout));
    };
    let store = ["-storetype", "PKCS12", "-keystore", "broker.p12", "-storepass", "changeit"];
    let make = ["-genkeypair", "-alias", "b", "-keyalg", "EC", "-groupname", "secp256r1", "-dname", "CN=localhost"];
    keytool(&[&make[..], &["-ext", "san=ip:127.0.0.1", "-validity", "3650"], &store].concat());
    keytool(&[&["-exportcert", "-rfc", "-alias", "b", "-file", "ca.pem"][..], &store].concat());
    fs::write(folder.join("secure"), format!("127.0.0.1:{port}")).expect("it can be written");
    let place = folder.display();
    let more = format!(
        "\nlistener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SECURE:SASL_SSL\n\
         inter.broker.listener.name=PLAINTEXT\nsasl.enabled.mechanisms=SCRAM-SHA-512\n\
         listener.name.secure.scram-sha-512.sasl.jaas.config=\
         org.apache.kafka.common.security.scram.ScramLoginModule required;\n\
         listener.name.secure.ssl.keystore.type=PKCS12\nlistener.name.secure.ssl.keystore.password=changeit\n\
         listener.name.secure.ssl.keystore.location={place}/broker.p12\n"
    );
    let doors = settings.lines().map(|line| match line.split_once('=') {
        Some(("listeners" | "advertised.listeners", _)) => format!("{line},SECURE://127.0.0.1:{port}\n"),
        Some(_) | None => format!("{line}\n"),
    });
    doors.collect::<String>() + &more
}

/// Settings of a client of the tests.
pub fn client(servers: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", servers).set("log_level", "0").set("group.id", "tests");
    config.set("reconnect.backoff.max.ms", "500").set("enable.auto.commit", "false");
    config
}

/// The jars of a broker, fetched once into a cache; or why they cannot be had.
fn class_path() -> Result<String, String> {
    for (tool, word) in [("java", "-version"), ("mvn", "-version")] {
        let found = Command::new(tool).arg(word).stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !found.is_ok_and(|status| status.success()) {
            return Err(format!("there is no {tool}"));
        }
    }
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")));
    let jars = cache.ok_or("there is no home to keep jars in")?.join("journeycast-tests/kafka-4.3.1");
    if !jars.exists() {
        fetch(&jars)?;
    }
    Ok(format!("{}/*", jars.display()))
}

fn fetch(jars: &Path) -> Result<(), String> {
    let pom = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kafka/pom.xml");
    let unfinished = jars.with_extension(format!("{}", std::process::id()));
    let out = format!("-DoutputDirectory={}", unfinished.display());
    let goal = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies";
    let fetched = Command::new("mvn").args(["-q", "-B", "-f", pom, goal, "-DincludeScope=runtime", &out]).output();
    let fetched = fetched.map_err(|error| error.to_string())?;
    if !fetched.status.success() {
        return Err(format!("Maven could not fetch Kafka: {}", String::from_utf8_lossy(&fetched.stdout)));
    }
    // Another run may have been quicker.
    fs::rename(&unfinished, jars).or_else(|error| if jars.exists() { Ok(()) } else { Err(error.to_string()) })
}
