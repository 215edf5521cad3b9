//! The HTTP API as a script would use it.

use reqwest::{Client, Method};
use serde_json::{Value, json};

/// The API under `/api/v1`, with a token where somebody is logged in.
#[derive(Clone)]
pub struct Api {
    client: Client,
    url: String,
    token: Option<String>,
}

/// An answer, whatever it says.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub content_type: String,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The JSON of a 2xx answer.
    pub fn ok(&self) -> Value {
        assert!((200..300).contains(&self.status), "{self:?}");
        self.json()
    }
}

impl Api {
    pub fn new(program_url: &str) -> Self {
        Self::by(Client::new(), program_url)
    }

    /// By a client that knows how the program is reached.
    pub fn by(client: Client, program_url: &str) -> Self {
        Self { client, url: format!("{program_url}/api/v1"), token: None }
    }

    pub async fn log_in(&self, email: &str, password: &str) -> Self {
        let answer = self.post("/login", &json!({ "email": email, "password": password })).await;
        let token = answer["access_token"].as_str().unwrap().to_owned();
        Self { token: Some(token), ..self.clone() }
    }

    /// With a token or key that somebody has.
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    pub fn token(&self) -> &str {
        self.token.as_deref().unwrap_or_default()
    }

    pub async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let mut request = self.client.request(method, format!("{}{path}", self.url));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.unwrap();
        let content_type =
            answer.headers().get("content-type").map(|value| value.to_str().unwrap().to_owned());
        Answer {
            status: answer.status().as_u16(),
            content_type: content_type.unwrap_or_default(),
            body: answer.text().await.unwrap(),
        }
    }

    /// What a `GET` gives, which must be 2xx.
    pub async fn get(&self, path: &str) -> Value {
        self.send(Method::GET, path, None).await.ok()
    }

    /// What a `POST` gives, which must be 2xx.
    pub async fn post(&self, path: &str, body: &Value) -> Value {
        self.send(Method::POST, path, Some(body)).await.ok()
    }

    /// All elements of a list, page by page.
    pub async fn list(&self, path: &str) -> Vec<Value> {
        let separator = if path.contains('?') { '&' } else { '?' };
        let (mut all, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.get(&format!("{path}{separator}limit=1000{cursor}")).await;
            all.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return all,
            }
        }
    }
}
