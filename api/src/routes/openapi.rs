//! The OpenAPI document, generated from the routes, and its page.

use maud::{PreEscaped, html};
use serde_json::{Value, json};
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};

use crate::pages;
use crate::problem::Language;

#[derive(OpenApi)]
#[openapi(info(
    title = "Xuefen 学分",
    description = "A signed ledger of lifelong learning. Every write answers the position of its commit; every refusal is an RFC 9457 problem.",
    license(name = "Apache-2.0", identifier = "Apache-2.0")
))]
struct Base;

/// Title, licence and the way to sign in.
pub fn base() -> utoipa::openapi::OpenApi {
    let mut document = Base::openapi();
    let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    document
        .components
        .get_or_insert_with(Default::default)
        .add_security_scheme("token", SecurityScheme::Http(scheme));
    document
}

/// The whole document as JSON text, members sorted, ending in a newline.
pub fn document(api: utoipa::openapi::OpenApi) -> String {
    let mut value = serde_json::to_value(api).unwrap_or_default();
    let doors = value["paths"].as_object_mut().into_iter().flatten();
    for (_, item) in doors {
        for (_, door) in item.as_object_mut().into_iter().flatten() {
            say_problems(door);
        }
    }
    let mut text = serde_json::to_string_pretty(&value).unwrap_or_default();
    text.push('\n');
    text
}

/// What is true of every door: problems have their own media type, and who needs a token may lack it.
fn say_problems(door: &mut Value) {
    let problem = json!({ "$ref": "#/components/schemas/ProblemBody" });
    if door.get("security").is_some() && door["responses"].get("401").is_none() {
        door["responses"]["401"] = json!({
            "description": "no token, or one that opens nothing",
            "content": { "application/json": { "schema": problem } },
        });
    }
    for (_, response) in door["responses"].as_object_mut().into_iter().flatten() {
        if let Some(content) = response.get_mut("content").and_then(Value::as_object_mut)
            && content
                .get("application/json")
                .is_some_and(|it| it["schema"] == problem)
            && let Some(schema) = content.remove("application/json")
        {
            content.insert("application/problem+json".into(), schema);
        }
    }
}

/// A page of all doors, without scripts, from the document itself.
pub fn page(document: &str) -> String {
    let value: Value = serde_json::from_str(document).unwrap_or_default();
    let empty = serde_json::Map::new();
    let paths = value["paths"].as_object().unwrap_or(&empty);
    let body = html! {
        h1 { "接口 API" }
        p { a href="/openapi.json" { "openapi.json" } " · OpenAPI " (value["openapi"].as_str().unwrap_or_default()) }
        @for (path, doors) in paths {
            @for (method, door) in doors.as_object().unwrap_or(&empty) {
                h2 { code { (method.to_uppercase()) " " (path) } }
                p { strong { (door["summary"].as_str().unwrap_or_default()) } }
                @if let Some(text) = door["description"].as_str() { p { (text) } }
                table { tbody {
                    @for parameter in door["parameters"].as_array().into_iter().flatten() {
                        tr { th scope="row" { code { (parameter["name"].as_str().unwrap_or_default()) } }
                             td { (parameter["in"].as_str().unwrap_or_default()) }
                             td { (parameter["description"].as_str().unwrap_or_default()) } }
                    }
                    @for (status, response) in door["responses"].as_object().unwrap_or(&empty) {
                        tr { th scope="row" { (status) } td { "→" } td { (response["description"].as_str().unwrap_or_default()) } }
                    }
                } }
            }
        }
        h2 { "Schemas" }
        pre.wide { code { (PreEscaped(escape(&serde_json::to_string_pretty(&value["components"]["schemas"]).unwrap_or_default()))) } }
    };
    pages::page(Language::Zh, "学分 API", &body).into_string()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
