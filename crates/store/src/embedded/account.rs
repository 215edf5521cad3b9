//! Whom the server runs as. PostgreSQL refuses root, so root's program hands the cluster to an unprivileged
//! account; everyone else runs it as themselves.

use std::fs::{self, Metadata};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use super::error::{EmbeddedError, io};

/// Debian's uid and gid of `nobody`/`nogroup`, where /etc/passwd names no such user.
const NOBODY: u32 = 65534;
/// A set of permission bits that opens one folder or program to its class of user: read and search.
const READ_AND_SEARCH: u32 = 0o5;
const SEARCH: u32 = 0o1;

/// The account that owns the cluster's files and runs the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    pub name: String,
    pub uid: u32,
    pub gid: u32,
    /// True where it is another account than the program's own, so that files and processes must be handed over.
    pub differs: bool,
}

impl Account {
    /// The account for the cluster in `folder` (which need not exist yet). As root: the owner of what is there
    /// already, else `postgres` where that user exists, else `nobody`.
    pub(super) fn choose(folder: &Path) -> Self {
        let uid = rustix::process::geteuid().as_raw();
        let gid = rustix::process::getegid().as_raw();
        if uid != 0 {
            return Self { name: format!("uid {uid}"), uid, gid, differs: false };
        }
        let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
        if let Ok(there) = fs::metadata(folder)
            && there.uid() != 0
        {
            let name = name_of(&passwd, there.uid()).unwrap_or_else(|| format!("uid {}", there.uid()));
            return Self { name, uid: there.uid(), gid: there.gid(), differs: true };
        }
        let (name, uid, gid) = ["postgres", "nobody"]
            .into_iter()
            .find_map(|name| ids_of(&passwd, name).map(|(uid, gid)| (name, uid, gid)))
            .unwrap_or(("nobody", NOBODY, NOBODY));
        Self { name: name.to_owned(), uid, gid, differs: true }
    }

    /// Hands one file or folder over to the account.
    pub(super) fn take(&self, path: &Path) -> Result<(), EmbeddedError> {
        if self.differs {
            chown(path, Some(self.uid), Some(self.gid)).map_err(io("handing over", path))?;
        }
        Ok(())
    }

    /// The first folder on the way down to `path` (and `path` itself, if it is a folder) that the account cannot pass.
    pub(super) fn closed_on_the_way(&self, path: &Path) -> Option<PathBuf> {
        let mut way: Vec<&Path> = path.ancestors().collect();
        way.reverse();
        way.into_iter()
            .filter(|step| !step.as_os_str().is_empty())
            .find(|step| fs::metadata(step).is_ok_and(|m| m.is_dir() && !self.may(&m, SEARCH)))
            .map(Path::to_path_buf)
    }

    /// Whether the account may run the program at `path`.
    pub(super) fn can_run(&self, path: &Path) -> bool {
        self.closed_on_the_way(path).is_none()
            && fs::metadata(path).is_ok_and(|m| m.is_file() && self.may(&m, READ_AND_SEARCH))
    }

    /// Access lists (ACLs) are not asked: they are rare on a server's folders, and the server itself says no then.
    fn may(&self, found: &Metadata, wanted: u32) -> bool {
        let mode = found.permissions().mode();
        let class = if found.uid() == self.uid {
            6
        } else if found.gid() == self.gid {
            3
        } else {
            0
        };
        (mode >> class) & wanted == wanted
    }
}

fn ids_of(passwd: &str, name: &str) -> Option<(u32, u32)> {
    entries(passwd).find(|(entry, ..)| *entry == name).map(|(_, uid, gid)| (uid, gid))
}

fn name_of(passwd: &str, uid: u32) -> Option<String> {
    entries(passwd).find(|(_, entry, _)| *entry == uid).map(|(name, ..)| name.to_owned())
}

/// passwd(5): name:password:uid:gid:…
fn entries(passwd: &str) -> impl Iterator<Item = (&str, u32, u32)> {
    passwd.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        Some((name, uid, gid))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str =
        "root:x:0:0:root:/root:/bin/bash\nbroken line\nnobody:x:65534:65533:n:/:/bin/false\n";

    #[test]
    fn a_user_is_found_by_name_and_by_number() {
        assert_eq!(ids_of(PASSWD, "nobody"), Some((65534, 65533)));
        assert_eq!(ids_of(PASSWD, "postgres"), None);
        assert_eq!(name_of(PASSWD, 0).as_deref(), Some("root"));
    }

    #[test]
    fn a_private_folder_on_the_way_is_named_and_an_open_one_is_passed() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home");
        let inner = home.join("inner");
        fs::create_dir_all(&inner).unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(&home, fs::Permissions::from_mode(0o700)).unwrap();
        let stranger = Account { name: "stranger".into(), uid: 64321, gid: 64321, differs: true };
        assert_eq!(stranger.closed_on_the_way(&inner), Some(home.clone()));
        fs::set_permissions(&home, fs::Permissions::from_mode(0o711)).unwrap();
        assert_eq!(stranger.closed_on_the_way(&inner), None);
    }
}
