//! `isotherm demo`.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::{Folder, isotherm_in, refused};

const COMES_UP: Duration = Duration::from_secs(120);

/// Ended with the test, whichever way that ends.
struct Demo(Child);

impl Demo {
    fn start(data: &str, options: &[&str]) -> Self {
        // setpriv becomes the program; the kernel ends it with this test.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "TERM", env!("CARGO_BIN_EXE_isotherm"), "demo"]);
        command.args(["--listen", "127.0.0.1:0", "--data", data]).args(options);
        Self(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap())
    }

    /// Lines of standard output up to the log-in of the last role.
    fn told(&mut self) -> Vec<String> {
        let output = BufReader::new(self.0.stdout.take().unwrap());
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| tell.send(line)));
        let mut lines: Vec<String> = Vec::new();
        while !lines.last().is_some_and(|line| line.contains("auditor@")) {
            lines.push(told.recv_timeout(COMES_UP).unwrap_or_else(|_| panic!("it told only {lines:?}")));
        }
        lines
    }

    fn stop(mut self) -> bool {
        self.signal("INT");
        self.0.wait().unwrap().success()
    }

    fn signal(&self, signal: &str) {
        let _ = Command::new("kill").args(["-s", signal, &self.0.id().to_string()]).status();
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        if self.0.try_wait().is_ok_and(|ended| ended.is_none()) {
            self.signal("TERM");
            let _ = self.0.wait();
        }
    }
}

#[test]
fn standard_output_has_the_address_and_the_log_ins_each_time() {
    let folder = Folder::new("demo");
    let data = format!("{}/d", folder.path());
    let mut logins_of_both = Vec::new();
    for _ in 0..2 {
        let mut demo = Demo::start(&data, &[]);
        let told = demo.told();
        let written = std::fs::read(Path::new(&data).join("demo.json")).unwrap();
        let written: Value = serde_json::from_slice(&written).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        assert_eq!(told[0], format!("Isotherm is at {}", text(&written["url"])));
        let logins: Vec<Vec<String>> =
            told[2..].iter().map(|line| line.split_whitespace().map(str::to_owned).collect()).collect();
        let expected: Vec<Vec<String>> = written["logins"]
            .as_array()
            .unwrap()
            .iter()
            .map(|login| ["role", "email", "password"].map(|field| text(&login[field])).to_vec())
            .collect();
        assert_eq!(logins, expected);
        logins_of_both.push(expected);
        assert!(demo.stop(), "the demonstration ends well");
    }
    assert_ne!(logins_of_both[0], logins_of_both[1], "the second has passwords of its own");
}

#[tokio::test]
async fn with_tls_it_is_reached_by_https_with_a_certificate_of_its_own() {
    let folder = Folder::new("demo-tls");
    let data = format!("{}/d", folder.path());
    let mut demo = Demo::start(&data, &["--tls"]);
    let url = demo.told()[0].strip_prefix("Isotherm is at ").unwrap().to_owned();
    assert!(url.starts_with("https://127.0.0.1:"), "{url}");
    let cert = std::fs::read(Path::new(&data).join("tls/cert.pem")).unwrap();
    let client = reqwest::Client::builder().tls_built_in_root_certs(false);
    let client = client.add_root_certificate(reqwest::Certificate::from_pem(&cert).unwrap()).build().unwrap();
    let page = client.get(&url).send().await.unwrap();
    assert!(page.headers().contains_key("strict-transport-security"), "{page:?}");
    assert!(demo.stop(), "the demonstration ends well");
}

#[test]
fn an_earlier_demonstration_is_cleared_with_the_configured_binaries() {
    let folder = Folder::new("cleared");
    let data = Path::new(folder.path()).join("d");
    let binaries = Path::new(folder.path()).join("pg");
    std::fs::create_dir_all(&binaries).unwrap();
    for program in ["postgres", "initdb"] {
        std::fs::write(binaries.join(program), "").unwrap();
    }
    // A cluster of a version that nobody has: the error lists where its programs were looked for.
    std::fs::create_dir_all(data.join("postgres/data")).unwrap();
    std::fs::write(data.join("postgres/data/PG_VERSION"), "7\n").unwrap();
    std::fs::write(data.join("demo.json"), "{}\n").unwrap();
    let settings = [("ISOTHERM_DATABASE__BINARIES", binaries.to_str().unwrap())];
    let line = refused(&isotherm_in(&settings, &["demo", "--data", data.to_str().unwrap()], ""));
    assert!(line.contains(binaries.to_str().unwrap()), "{line}");
}
