//! `isotherm admin tls self-signed`, and what is refused as a certificate when a service starts.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use sha2::{Digest, Sha256};
use x509_parser::extensions::GeneralName;

use crate::{Folder, isotherm, isotherm_in, printed, refused};

fn self_signed(out: &str, options: &[&str]) -> Output {
    isotherm(&[&["admin", "tls", "self-signed", "--out", out], options].concat(), "")
}

#[test]
fn what_is_made_is_for_the_hosts_that_were_named_and_its_key_is_the_owners() {
    let folder = Folder::new("self-signed");
    let out = format!("{}/tls", folder.path());
    let options = ["--host", "box.example", "--host", "192.0.2.7", "--host", "localhost", "--days", "2"];
    let made = printed(&self_signed(&out, &options));
    let hosts = ["localhost", "127.0.0.1", "::1", "box.example", "192.0.2.7"];
    assert_eq!(made["hosts"], serde_json::json!(hosts));
    let [cert, key] = ["cert", "key"].map(|file| made[file].as_str().unwrap());
    assert_eq!((cert, key), (format!("{out}/cert.pem").as_str(), format!("{out}/key.pem").as_str()));
    assert_eq!(std::fs::metadata(key).unwrap().permissions().mode() & 0o777, 0o600);

    let der = CertificateDer::from_pem_file(cert).unwrap();
    let hex: Vec<String> = Sha256::digest(&der).iter().map(|byte| format!("{byte:02X}")).collect();
    assert_eq!(made["fingerprint"], hex.join(":"));
    let (_, read) = x509_parser::parse_x509_certificate(&der).unwrap();
    let validity = read.validity();
    assert_eq!(validity.not_after.timestamp() - validity.not_before.timestamp(), 2 * 24 * 60 * 60);
    let names = &read.subject_alternative_name().unwrap().unwrap().value.general_names;
    let names: Vec<String> = names
        .iter()
        .map(|name| match name {
            GeneralName::DNSName(name) => (*name).to_owned(),
            GeneralName::IPAddress(bytes) => format!("{bytes:?}"),
            other => panic!("{other:?}"),
        })
        .collect();
    let loopback = format!("{:?}", std::net::Ipv6Addr::LOCALHOST.octets());
    assert_eq!(names, ["localhost", "[127, 0, 0, 1]", &loopback, "box.example", "[192, 0, 2, 7]"]);
}

#[test]
fn files_that_are_there_are_replaced_only_by_force() {
    let folder = Folder::new("self-signed-again");
    let key = Path::new(folder.path()).join("key.pem");
    std::fs::write(&key, "somebody's").unwrap();
    let line = refused(&self_signed(folder.path(), &[]));
    assert_eq!(line, format!("isotherm: {} is there already; --force replaces it", key.display()));
    assert_eq!(std::fs::read_to_string(&key).unwrap(), "somebody's");
    printed(&self_signed(folder.path(), &["--force"]));
    assert!(std::fs::read_to_string(&key).unwrap().starts_with("-----BEGIN PRIVATE KEY"));
    assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_service_refuses_files_that_it_cannot_use_and_says_which_and_why() {
    let folder = Folder::new("tls-refused");
    let at = |name: &str| format!("{}/{name}", folder.path());
    for name in ["own", "other"] {
        printed(&self_signed(&at(name), &[]));
    }
    let mut expired = CertificateParams::new(["localhost".to_owned()]).unwrap();
    expired.not_after = date_time_ymd(2020, 2, 29);
    let expired_key = KeyPair::generate().unwrap();
    std::fs::write(at("expired.pem"), expired.self_signed(&expired_key).unwrap().pem()).unwrap();
    std::fs::write(at("expired-key.pem"), expired_key.serialize_pem()).unwrap();
    std::fs::write(at("empty.pem"), "").unwrap();
    std::fs::write(at("damaged.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
        .unwrap();

    let (cert, key) = ("own/cert.pem", "own/key.pem");
    let of_the_cert = |file: &str, told: &str| format!("http.tls.cert: {}: {told}", at(file));
    let of_the_key = |file: &str, told: &str| format!("http.tls.key: {}: {told}", at(file));
    let no_cert = "holds no certificate that can be read; PEM is expected";
    let other = format!("is not the key of the certificate in {}", at(cert));
    for (given, told) in [
        (("none.pem", key), of_the_cert("none.pem", "No such file or directory")),
        ((cert, "none.pem"), of_the_key("none.pem", "No such file or directory")),
        (("own", key), of_the_cert("own", "Is a directory")),
        (("empty.pem", key), of_the_cert("empty.pem", no_cert)),
        ((key, key), of_the_cert(key, no_cert)),
        (("damaged.pem", key), of_the_cert("damaged.pem", no_cert)),
        (
            (cert, cert),
            of_the_key(cert, "holds no private key that can be read; PEM without a password is expected"),
        ),
        ((cert, "other/key.pem"), of_the_key("other/key.pem", &other)),
        (("expired.pem", "expired-key.pem"), of_the_cert("expired.pem", "expired at 2020-02-29T00:00:00Z")),
    ] {
        let (cert, key) = (at(given.0), at(given.1));
        let settings =
            [("ISOTHERM_HTTP__TLS__CERT", cert.as_str()), ("ISOTHERM_HTTP__TLS__KEY", key.as_str())];
        for command in ["serve", "demo"] {
            let line = refused(&isotherm_in(&settings, &[command, "--data", &at("data")], ""));
            assert!(line.starts_with(&format!("isotherm: {told}")), "{command} {given:?}: {line}");
        }
    }
    for (given, told) in [("CERT", "http.tls.key"), ("KEY", "http.tls.cert")] {
        let line =
            refused(&isotherm_in(&[(&format!("ISOTHERM_HTTP__TLS__{given}"), "x.pem")], &["serve"], ""));
        assert!(line.starts_with(&format!("isotherm: {told}: ")), "{given}: {line}");
    }
    assert!(!Path::new(&at("data")).exists(), "nothing was started");
}
