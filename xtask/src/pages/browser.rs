//! Chromium without a window, driven through a pipe by the Chrome DevTools Protocol.
//!
//! The protocol is JSON with a zero byte after each message; what little of it is needed here is
//! less than a library for it, whose build takes minutes.
//! <https://chromedevtools.github.io/devtools-protocol/>

use std::env;
use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
/// How long it may be silent while it is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// The first Chromium in `PATH`.
pub(super) fn find() -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let folders: Vec<_> = env::split_paths(&path).collect();
    NAMES
        .into_iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|program| program.is_file())
}

/// A running browser, which ends when it is dropped.
pub(super) struct Browser {
    process: Child,
    requests: ChildStdin,
    messages: Receiver<Value>,
    last_id: u64,
    /// What came while something else was waited for.
    events: Vec<Value>,
    _profile: TempDir,
}

impl Browser {
    /// Starts it with a profile of its own.
    pub(super) fn start(program: &Path) -> Result<Self, Box<dyn Error>> {
        let profile = tempfile::tempdir()?;
        // It reads from file descriptor 3 and writes to 4, which a shell makes of our pipes. There
        // is no sandbox for root, nor in many containers; the pages are our own.
        let mut process = Command::new("sh")
            .args(["-c", r#"exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null"#])
            .arg(program)
            .args(["--headless", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu"])
            .args(["--no-first-run", "--hide-scrollbars", "--disable-dev-shm-usage"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("cannot start {}: {error}", program.display()))?;
        let (Some(requests), Some(answers)) = (process.stdin.take(), process.stdout.take()) else {
            return Err("the browser has no pipes".into());
        };
        let (sender, messages) = channel();
        thread::spawn(move || {
            for message in BufReader::new(answers).split(0).map_while(Result::ok) {
                let Ok(message) = serde_json::from_slice(&message) else { return };
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        Ok(Self { process, requests, messages, last_id: 0, events: Vec::new(), _profile: profile })
    }

    /// An empty tab that tells what goes wrong in it.
    pub(super) fn open_tab(&mut self) -> Result<Tab<'_>, Box<dyn Error>> {
        let target = self.call(None, "Target.createTarget", json!({"url": "about:blank"}))?;
        let request = json!({"targetId": target["targetId"], "flatten": true});
        let attached = self.call(None, "Target.attachToTarget", request)?;
        let session = attached["sessionId"].as_str().ok_or("no session")?.to_owned();
        let mut tab = Tab { browser: self, session };
        for domain in ["Page", "Runtime", "Log", "Network"] {
            tab.call(&format!("{domain}.enable"), json!({}))?;
        }
        Ok(tab)
    }

    fn call(
        &mut self,
        session: Option<&str>,
        method: &str,
        parameters: Value,
    ) -> Result<Value, Box<dyn Error>> {
        self.last_id += 1;
        let mut request = json!({"id": self.last_id, "method": method, "params": parameters});
        if let Some(session) = session {
            request["sessionId"] = session.into();
        }
        let mut bytes = serde_json::to_vec(&request)?;
        bytes.push(0);
        self.requests
            .write_all(&bytes)
            .map_err(|error| format!("the browser does not listen to {method}: {error}"))?;
        loop {
            let mut message = self.receive(method)?;
            if message["id"] != self.last_id {
                self.events.push(message);
            } else if let Some(error) = message.get("error") {
                return Err(format!("the browser refuses {method}: {error}").into());
            } else {
                return Ok(message["result"].take());
            }
        }
    }

    fn receive(&mut self, awaited: &str) -> Result<Value, Box<dyn Error>> {
        self.messages
            .recv_timeout(PATIENCE)
            .map_err(|error| format!("the browser does not answer {awaited}: {error}").into())
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Asked first, so that it leaves no processes of its own behind.
        if self.call(None, "Browser.close", json!({})).is_err() {
            let _ = self.process.kill();
        }
        let _ = self.process.wait();
    }
}

/// A page in the browser.
pub(super) struct Tab<'a> {
    browser: &'a mut Browser,
    session: String,
}

impl Tab<'_> {
    pub(super) fn call(&mut self, method: &str, params: Value) -> Result<Value, Box<dyn Error>> {
        self.browser.call(Some(&self.session), method, params)
    }

    /// Opens a file and waits until it has loaded.
    pub(super) fn go_to(&mut self, page: &Path) -> Result<(), Box<dyn Error>> {
        self.browser.events.clear();
        let address = format!("file://{}", page.display());
        let answer = self.call("Page.navigate", json!({"url": address}))?;
        if let Some(error) = answer["errorText"].as_str() {
            return Err(format!("cannot open {address}: {error}").into());
        }
        let has_loaded = |event: &Value| event["method"] == "Page.loadEventFired";
        while !self.browser.events.iter().any(has_loaded) {
            let message = self.browser.receive(&address)?;
            self.browser.events.push(message);
        }
        Ok(())
    }

    /// The value of an expression, awaited.
    pub(super) fn evaluate(&mut self, expression: &str) -> Result<Value, Box<dyn Error>> {
        let request =
            json!({"expression": expression, "awaitPromise": true, "returnByValue": true});
        let mut answer = self.call("Runtime.evaluate", request)?;
        match answer.get("exceptionDetails") {
            Some(details) => Err(format!("the script failed: {details}").into()),
            None => Ok(answer["result"]["value"].take()),
        }
    }

    /// Errors and warnings of the console, and what the page asked for that is no file, since it was
    /// opened.
    pub(super) fn complaints(&mut self) -> Vec<String> {
        self.browser.events.drain(..).filter_map(|event| complaint(&event)).collect()
    }

    /// The whole page as PNG.
    pub(super) fn screenshot(&mut self) -> Result<Vec<u8>, Box<dyn Error>> {
        let answer = self.call("Page.captureScreenshot", json!({"captureBeyondViewport": true}))?;
        Ok(STANDARD.decode(answer["data"].as_str().unwrap_or_default())?)
    }

    /// The page as it is printed, as PDF.
    pub(super) fn print(&mut self) -> Result<Vec<u8>, Box<dyn Error>> {
        // A page is printed as on a desktop, whatever was asked of the screen.
        self.call("Emulation.clearDeviceMetricsOverride", json!({}))?;
        let answer =
            self.call("Page.printToPDF", json!({"paperWidth": 8.27, "paperHeight": 11.7}))?;
        Ok(STANDARD.decode(answer["data"].as_str().unwrap_or_default())?)
    }
}

fn complaint(event: &Value) -> Option<String> {
    let details = &event["params"];
    match event["method"].as_str()? {
        "Runtime.exceptionThrown" => {
            Some(format!("throws {}", details["exceptionDetails"]["exception"]["description"]))
        }
        "Runtime.consoleAPICalled" => {
            let grave = ["error", "warning", "assert"].iter().any(|kind| details["type"] == *kind);
            grave.then(|| format!("says {}", details["args"]))
        }
        "Log.entryAdded" => {
            let grave =
                ["error", "warning"].iter().any(|level| details["entry"]["level"] == *level);
            grave.then(|| format!("makes the browser say {}", details["entry"]["text"]))
        }
        "Network.loadingFailed" => Some(format!("fails to load: {}", details["errorText"])),
        "Network.requestWillBeSent" => {
            let address = details["request"]["url"].as_str()?;
            let is_local = ["file:", "data:"].iter().any(|scheme| address.starts_with(scheme));
            (!is_local).then(|| format!("asks the network for {address}"))
        }
        _ => None,
    }
}
