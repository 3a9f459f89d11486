//! Asking a [`Stand`] over HTTP, and what it answered.

use serde_json::Value;
use ureq::http::Request;
use ureq::http::request::Builder;

use super::Stand;

/// Bytes of the longest answer that a test reads.
const BODY_BYTES_MAX: u64 = 64 << 20;

/// What the server answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Header names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The first header of this name (lower case), or "".
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(it, _)| it == name);
        found.map_or("", |(_, value)| value)
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("UTF-8")
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| unreachable!("{} is no JSON: {}", self.status, self.text()))
    }

    /// The body as JSON of an answer with this status.
    #[track_caller]
    pub fn is(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        self.json()
    }

    /// The slug of the problem, whose form is checked on the way.
    #[track_caller]
    pub fn slug(&self) -> String {
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{} {}",
            self.status,
            self.text()
        );
        let body = self.json();
        assert_eq!(body["status"], self.status);
        let slug = body["type"].as_str().expect("a type");
        slug.strip_prefix("/problems/").expect("a slug").to_owned()
    }

    /// The body of a problem with this status and slug.
    #[track_caller]
    pub fn refused(&self, status: u16, slug: &str) -> Value {
        assert_eq!(
            (self.slug().as_str(), self.status),
            (slug, status),
            "{}",
            self.text()
        );
        self.json()
    }
}

/// `path` of the position that a write answered, to read what was written.
pub fn after(path: &str, written: &Value) -> String {
    format!("{path}?after={}", written["position"])
}

impl Stand {
    /// Sends a request; a token of "" sends none.
    pub fn send(
        &self,
        method: &str,
        path: &str,
        token: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base));
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        run(&self.agent, request, body)
    }

    /// Sends a request and does not follow where the answer leads.
    pub fn send_still(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        run(&self.still, request, body)
    }

    /// GET.
    pub fn get(&self, token: &str, path: &str) -> Answer {
        self.send("GET", path, token, &[], None)
    }

    /// POST of JSON.
    pub fn post(&self, token: &str, path: &str, body: &Value) -> Answer {
        self.post_with(token, path, &[], body)
    }

    /// POST of JSON with further headers.
    pub fn post_with(
        &self,
        token: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Answer {
        self.post_text(token, path, headers, &body.to_string())
    }

    /// POST of a text that may be no JSON, under the name of JSON.
    pub fn post_text(
        &self,
        token: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let headers = [&[("content-type", "application/json")], headers].concat();
        self.send("POST", path, token, &headers, Some(body.as_bytes()))
    }

    /// POST of signed assertions: `application/jose` or `application/x-ndjson`.
    pub fn submit(&self, media: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let headers = [&[("content-type", media)], headers].concat();
        self.send(
            "POST",
            "/v1/assertions",
            "",
            &headers,
            Some(body.as_bytes()),
        )
    }

    /// POST of one signed assertion.
    pub fn assert(&self, submission: &str) -> Answer {
        self.submit("application/jose", &[], submission)
    }

    /// Upload of a file of outcomes.
    pub fn upload(&self, token: &str, file_name: &str, file: &[u8]) -> Answer {
        self.upload_with(token, file_name, file, &[])
    }

    /// The same, with other fields of the form behind the file.
    pub fn upload_with(
        &self,
        token: &str,
        file_name: &str,
        file: &[u8],
        fields: &[(&str, &str)],
    ) -> Answer {
        self.send_file("POST", "/v1/imports", token, (file_name, file), fields)
    }

    /// A form with a file and other fields.
    pub fn send_file(
        &self,
        method: &str,
        path: &str,
        token: &str,
        (file_name, file): (&str, &[u8]),
        fields: &[(&str, &str)],
    ) -> Answer {
        let boundary = "xuefen-test-boundary";
        let mut body = format!(
            "--{boundary}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{file_name}\"\r\ncontent-type: text/csv\r\n\r\n"
        )
        .into_bytes();
        body.extend_from_slice(file);
        for (name, value) in fields {
            let part = format!(
                "\r\n--{boundary}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}"
            );
            body.extend_from_slice(part.as_bytes());
        }
        body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        let media = format!("multipart/form-data; boundary={boundary}");
        let headers = [("content-type", media.as_str())];
        self.send(method, path, token, &headers, Some(&body))
    }

    /// Asks again until the import stands in `state`; it must get there.
    pub fn import_reaches(&self, token: &str, id: &str, state: &str) -> Value {
        for _ in 0..600 {
            let job = self.get(token, &format!("/v1/imports/{id}")).is(200);
            if job["state"] == state {
                return job;
            }
            std::thread::sleep(std::time::Duration::from_millis(25));
        }
        unreachable!("the import {id} did not become {state} in 15 s");
    }
}

fn run(agent: &ureq::Agent, request: Builder, body: Option<&[u8]>) -> Answer {
    let answered = match body {
        Some(body) => agent.run(request.body(body.to_vec()).expect("a request")),
        None => agent.run(request.body(()).expect("a request")),
    };
    let mut response = answered.expect("the server answers");
    let headers = response.headers().iter().map(|(name, value)| {
        let value = value.to_str().expect("a readable header");
        (name.as_str().to_owned(), value.to_owned())
    });
    let headers = headers.collect();
    let status = response.status().as_u16();
    let body = response.body_mut().with_config().limit(BODY_BYTES_MAX);
    Answer {
        status,
        headers,
        body: body.read_to_vec().expect("the whole answer"),
    }
}
