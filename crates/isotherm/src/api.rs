//! The API, as the program's own commands use it: like anybody else.

use anyhow::{Context, ensure};
use serde_json::{Value, json};

pub fn id_of(answer: &Value) -> anyhow::Result<&str> {
    text(answer, "id")
}

pub fn text<'a>(answer: &'a Value, field: &str) -> anyhow::Result<&'a str> {
    answer.get(field).and_then(Value::as_str).with_context(|| format!("the answer has no {field}: {answer}"))
}

/// Somebody who is logged in.
pub struct Api {
    client: reqwest::Client,
    url: String,
    token: String,
}

impl Api {
    pub async fn log_in(url: &str, email: &str, password: &str) -> anyhow::Result<Self> {
        let mut api =
            Self { client: reqwest::Client::new(), url: format!("{url}/api/v1"), token: String::new() };
        let answer = api.post("login", &json!({ "email": email, "password": password })).await?;
        api.token = text(&answer, "access_token")?.to_owned();
        Ok(api)
    }

    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        let request = self.client.get(format!("{}/{path}", self.url)).bearer_auth(&self.token);
        Ok(request.send().await?.error_for_status()?.json().await?)
    }

    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let request = self.client.post(format!("{}/{path}", self.url)).bearer_auth(&self.token).json(body);
        let answer = request.send().await?;
        let status = answer.status();
        let body = answer.text().await?;
        ensure!(status.is_success(), "{path}: {status} {body}");
        Ok(serde_json::from_str(&body)?)
    }
}
