//! Where the cluster's files lie below the data folder, and that they can lie there.

use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::account::Account;
use super::error::{EmbeddedError, io};

/// PostgreSQL names the socket by its port, though no port is ever opened.
pub(super) const PORT: u16 = 5432;
/// `sun_path` of unix(7) holds 108 bytes with the final zero; some of it is left for other systems' smaller ones.
const SOCKET_LIMIT: usize = 100;

/// `DIR/postgres` (the account's alone: whoever reaches the socket is trusted) with the socket and `data` in it.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub data_dir: PathBuf,
    pub folder: PathBuf,
    pub data: PathBuf,
}

impl Layout {
    /// Makes the data folder where it is missing, and refuses one whose socket would have too long a path.
    pub(super) fn below(data_dir: &Path) -> Result<Self, EmbeddedError> {
        let absolute = std::path::absolute(data_dir).map_err(io("reading", data_dir))?;
        check_length(&absolute)?;
        if !absolute.exists() {
            fs::create_dir_all(&absolute).map_err(io("making", &absolute))?;
            // Root's cluster runs as another user, who must pass through to its own folder, but not list this one.
            let mode = if rustix::process::geteuid().is_root() { 0o711 } else { 0o700 };
            fs::set_permissions(&absolute, Permissions::from_mode(mode)).map_err(io("closing", &absolute))?;
        }
        let data_dir = fs::canonicalize(&absolute).map_err(io("reading", &absolute))?;
        check_length(&data_dir)?;
        let folder = data_dir.join("postgres");
        let data = folder.join("data");
        Ok(Self { data_dir, folder, data })
    }

    /// Makes the cluster's folder for `account`, and finds what stands in its way.
    pub(super) fn prepare(&self, account: &Account) -> Result<(), EmbeddedError> {
        if account.differs
            && let Some(closed) = account.closed_on_the_way(&self.data_dir)
        {
            return Err(EmbeddedError::Closed { folder: closed, user: account.name.clone() });
        }
        fs::create_dir_all(&self.folder).map_err(io("making", &self.folder))?;
        let owner = fs::metadata(&self.folder).map_err(io("reading", &self.folder))?.uid();
        if !account.differs && owner != account.uid {
            return Err(EmbeddedError::ForeignOwner { folder: self.folder.clone(), owner });
        }
        fs::set_permissions(&self.folder, Permissions::from_mode(0o700))
            .map_err(io("closing", &self.folder))?;
        account.take(&self.folder)
    }

    /// The unfinished cluster of a first start: it gets its name when it is whole.
    pub(super) fn unfinished(&self) -> PathBuf {
        self.folder.join("data.new")
    }

    pub(super) fn socket(&self) -> PathBuf {
        socket_in(&self.folder)
    }

    /// A connection URL as libpq's and tokio-postgres' parsers read it: the folder of the socket as `host`.
    pub(super) fn url(&self, database: &str, user: &str) -> String {
        let folder = escape(self.folder.as_os_str().as_bytes());
        format!("postgres:///{}?user={user}&host={folder}&port={PORT}", escape(database.as_bytes()))
    }
}

fn socket_in(folder: &Path) -> PathBuf {
    folder.join(format!(".s.PGSQL.{PORT}"))
}

fn check_length(data_dir: &Path) -> Result<(), EmbeddedError> {
    let socket = socket_in(&data_dir.join("postgres"));
    let length = socket.as_os_str().len();
    if length > SOCKET_LIMIT {
        return Err(EmbeddedError::SocketPathTooLong { socket, length, limit: SOCKET_LIMIT });
    }
    Ok(())
}

/// RFC 3986: all but the unreserved characters and the slash become percent and two hex digits.
fn escape(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, &byte| {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_of_100_characters_is_taken_and_one_of_101_is_refused() {
        let rest = "/postgres/.s.PGSQL.5432".len();
        let data_dir = |length: usize| PathBuf::from(format!("/{}", "d".repeat(length - rest - 1)));
        assert!(check_length(&data_dir(100)).is_ok());
        let refused = check_length(&data_dir(101)).unwrap_err().to_string();
        assert!(refused.contains("101 characters") && refused.contains("--data"), "{refused}");
    }

    #[test]
    fn a_url_survives_spaces_and_umlauts_in_the_folder() {
        let folder = PathBuf::from("/var/my data/ü");
        let layout = Layout { data_dir: folder.clone(), data: folder.join("data"), folder };
        let url = layout.url("isotherm", "isotherm");
        assert_eq!(url, "postgres:///isotherm?user=isotherm&host=/var/my%20data/%C3%BC&port=5432");
    }
}
