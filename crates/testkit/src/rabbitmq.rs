//! A private RabbitMQ from the system's packages: its own node name, ports, files and port mapper (epmd), as
//! root or as anybody.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context, bail};
use rustix::process::Signal;
use tempfile::TempDir;

use crate::process::{Server, folder, free_port, on_path, until};

/// Where a broker shared by all tests is, if the test command started one.
pub const SHARED: &str = "ISOTHERM_TEST_AMQP";

/// A broker of the test's own, which it may stop, kill and start again on the same port with the same data.
pub struct RabbitMq {
    port: u16,
    dist_port: u16,
    epmd_port: u16,
    /// Where it speaks MQTT as well.
    mqtt_port: Option<u16>,
    node: String,
    script: PathBuf,
    server: Option<Server>,
    // After the server, which registers with it.
    _epmd: Server,
    folder: TempDir,
}

/// The address of the shared broker, or of one that this process starts at the first call and that ends with
/// it. Tests keep apart by [`unique_prefix`].
pub fn shared_url() -> anyhow::Result<String> {
    static OWN: OnceLock<Result<RabbitMq, String>> = OnceLock::new();
    if let Ok(url) = std::env::var(SHARED) {
        return Ok(url);
    }
    match OWN.get_or_init(|| RabbitMq::start().map_err(|error| format!("{error:#}"))) {
        Ok(broker) => Ok(broker.url()),
        Err(error) => bail!("{error}"),
    }
}

/// A prefix for queues that no other test uses.
pub fn unique_prefix(test: &str) -> String {
    use std::hash::{BuildHasher, RandomState};
    format!("{test}-{:x}", RandomState::new().hash_one(test))
}

impl RabbitMq {
    /// Starts a new, empty broker; about four seconds.
    pub fn start() -> anyhow::Result<Self> {
        Self::start_with(None)
    }

    /// One that speaks MQTT as well, as the broker of a network server does: see [`mqtt_url`](Self::mqtt_url).
    pub fn start_with_mqtt() -> anyhow::Result<Self> {
        Self::start_with(Some(free_port()?))
    }

    fn start_with(mqtt_port: Option<u16>) -> anyhow::Result<Self> {
        let script = find_script()?;
        let folder = folder("mq")?;
        let (port, dist_port, epmd_port) = (free_port()?, free_port()?, free_port()?);
        let epmd = start_epmd(epmd_port)?;
        // As if by an operator: nothing but the ports that are asked for, only on this machine.
        let (plugins, mqtt) = match mqtt_port {
            Some(port) => ("[rabbitmq_mqtt].\n", format!("mqtt.listeners.tcp.1 = 127.0.0.1:{port}\n")),
            None => ("[].\n", String::new()),
        };
        std::fs::write(folder.path().join("plugins"), plugins)?;
        let settings = format!("vm_memory_high_watermark.relative = 0.4\n{mqtt}");
        std::fs::write(folder.path().join("rabbitmq.conf"), settings)?;
        let node = format!("isotherm{port}@localhost");
        let mut broker =
            Self { port, dist_port, epmd_port, mqtt_port, node, script, server: None, _epmd: epmd, folder };
        broker.start_again()?;
        Ok(broker)
    }

    /// `amqp://guest:guest@127.0.0.1:PORT/%2f`
    pub fn url(&self) -> String {
        format!("amqp://guest:guest@127.0.0.1:{}/%2f", self.port)
    }

    /// `mqtt://127.0.0.1:PORT`, for the user guest; none unless it was asked for.
    pub fn mqtt_url(&self) -> Option<String> {
        self.mqtt_port.map(|port| format!("mqtt://127.0.0.1:{port}"))
    }

    /// None while it is stopped.
    pub fn process_id(&self) -> Option<u32> {
        self.server.as_ref().map(Server::id)
    }

    /// Asks it to end, as a service manager does, and waits.
    pub fn stop(&mut self) {
        self.end(Signal::TERM);
    }

    /// Kills it as a power cut would. RabbitMQ notes a new quorum queue for good only some seconds after its
    /// declaration: one killed earlier starts again with a queue that takes and gives nothing.
    pub fn kill(&mut self) {
        self.end(Signal::KILL);
    }

    /// Makes it hang: connections stay open and nothing is answered.
    pub fn freeze(&self) -> anyhow::Result<()> {
        self.server.as_ref().context("RabbitMQ does not run")?.freeze()
    }

    /// Ends [`freeze`](Self::freeze).
    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    /// After [`stop`](Self::stop) or [`kill`](Self::kill): the same broker, port and data.
    pub fn start_again(&mut self) -> anyhow::Result<()> {
        let server = self.server.insert(Server::start(self.command(), Signal::KILL)?);
        let port = self.port;
        let ready = until("RabbitMQ answers", Duration::from_secs(60), || {
            (!server.is_running()).then_some(false).or_else(|| speaks_amqp(port).then_some(true))
        });
        match ready {
            Ok(true) => Ok(()),
            Ok(false) => bail!("RabbitMQ ended while starting:\n{}", self.last_words()),
            Err(error) => Err(error.context(self.last_words())),
        }
    }

    fn end(&mut self, signal: Signal) {
        if let Some(mut server) = self.server.take() {
            server.end(signal);
        }
    }

    fn signal(&self, signal: Signal) {
        if let Some(server) = &self.server {
            server.signal(signal);
        }
    }

    fn command(&self) -> Command {
        let folder = self.folder.path();
        let mut command = Command::new(&self.script);
        let output = |name: &str| match std::fs::File::create(folder.join(name)) {
            Ok(file) => Stdio::from(file),
            Err(_) => Stdio::null(),
        };
        command
            .stdin(Stdio::null())
            .stdout(output("stdout"))
            .stderr(output("stderr"))
            .current_dir(folder)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("LANG", "C.UTF-8")
            // The Erlang cookie lives in HOME.
            .env("HOME", folder)
            .env("ERL_EPMD_PORT", self.epmd_port.to_string())
            .env("ERL_EPMD_ADDRESS", "127.0.0.1")
            .env("RABBITMQ_CONF_ENV_FILE", "/dev/null")
            .env("RABBITMQ_CONFIG_FILE", folder.join("rabbitmq.conf"))
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", folder.join("plugins"))
            .env("RABBITMQ_MNESIA_BASE", folder.join("mnesia"))
            .env("RABBITMQ_LOG_BASE", folder.join("log"))
            .env("RABBITMQ_PID_FILE", folder.join("pid"))
            .env("RABBITMQ_NODENAME", &self.node)
            .env("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1")
            .env("RABBITMQ_NODE_PORT", self.port.to_string())
            .env("RABBITMQ_DIST_PORT", self.dist_port.to_string())
            .env("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "-kernel inet_dist_use_interface {127,0,0,1}")
            // The start script then replaces itself by the server, so that the process we know is the server.
            .env("RUNNING_UNDER_SYSTEMD", "true");
        command
    }

    fn last_words(&self) -> String {
        ["stdout", "stderr"]
            .iter()
            .filter_map(|name| std::fs::read_to_string(self.folder.path().join(name)).ok())
            .collect()
    }
}

impl Drop for RabbitMq {
    fn drop(&mut self) {
        self.kill();
    }
}

fn find_script() -> anyhow::Result<PathBuf> {
    // Not the one on Debian's PATH: that is a wrapper which insists on the system's own user.
    let mut places = vec![PathBuf::from("/usr/lib/rabbitmq/bin/rabbitmq-server")];
    if let Ok(versions) = std::fs::read_dir("/usr/lib/rabbitmq/lib") {
        places.extend(versions.flatten().map(|version| version.path().join("sbin/rabbitmq-server")));
    }
    places.extend(on_path("rabbitmq-server"));
    places
        .into_iter()
        .find(|place| place.is_file())
        .context("no RabbitMQ on this machine: install it (Debian: apt-get install rabbitmq-server)")
}

fn start_epmd(port: u16) -> anyhow::Result<Server> {
    let epmd = on_path("epmd").or_else(|| {
        let erts =
            std::fs::read_dir("/usr/lib/erlang").ok()?.flatten().map(|entry| entry.path().join("bin/epmd"));
        erts.into_iter().find(|file| file.is_file())
    });
    let epmd =
        epmd.context("no epmd on this machine: install Erlang (Debian: apt-get install erlang-base)")?;
    let mut command = Command::new(epmd);
    command.args(["-port", &port.to_string(), "-address", "127.0.0.1"]).current_dir(Path::new("/"));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let server = Server::start(command, Signal::KILL)?;
    until("epmd answers", Duration::from_secs(10), || TcpStream::connect(("127.0.0.1", port)).ok())?;
    Ok(server)
}

/// Whether the broker greets us: it opens its port only at the end of its start.
fn speaks_amqp(port: u16) -> bool {
    let greet = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        stream.write_all(b"AMQP\x00\x00\x09\x01")?;
        let mut first = [0];
        stream.read_exact(&mut first)?;
        // A method frame: connection.start.
        Ok(first == [1])
    };
    greet().unwrap_or(false)
}
