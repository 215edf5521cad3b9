//! A database that is reached through TLS: whoever it is must be proven.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use store::Store;
use testkit::postgres::Postgres;

struct Authority {
    certificate: String,
    key: String,
}

fn self_signed(name: &str) -> Authority {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    Authority { certificate: made.cert.pem(), key: made.signing_key.serialize_pem() }
}

/// Whether the service gets to a database of that address; its words where it does not.
async fn reach(url: &str) -> Result<(), String> {
    let store = Store::open(url, 1).map_err(|error| error.to_string())?;
    store.connect().await.map(drop).map_err(|error| error.to_string())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_is_believed_only_with_a_certificate_of_a_known_authority_and_its_own_name() {
    let (own, other) = (self_signed("localhost"), self_signed("localhost"));
    let server = Postgres::start_with_tls(&own.certificate, &own.key).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let (right, wrong) = (file("right.pem", &own.certificate), file("wrong.pem", &other.certificate));
    let url = server.network_url().unwrap();
    reach(&format!("{url}?sslmode=verify-full&sslrootcert={right}")).await.unwrap();
    // Asked for by its address, the certificate is not its own.
    let by_address = url.replace("localhost", "127.0.0.1");
    for refused in [
        format!("{url}?sslmode=verify-full&sslrootcert={wrong}"),
        format!("{url}?sslmode=require"),
        format!("{by_address}?sslmode=verify-full&sslrootcert={right}"),
    ] {
        let reason = reach(&refused).await.expect_err(&refused);
        assert!(reason.contains("certificate"), "{refused}: {reason}");
    }
    reach(&format!("{url}?sslmode=disable")).await.unwrap();

    let migrated = store::migrate(&format!("{url}?sslmode=verify-full&sslrootcert={right}")).await.unwrap();
    assert!(!migrated.is_empty());
}
