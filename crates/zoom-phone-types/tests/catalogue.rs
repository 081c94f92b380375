//! What the client and the emulator rely on.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use zoom_phone_types::catalogue::*;

fn operation(id: &str) -> &'static Operation {
    Catalogue::get().operation(id).unwrap_or_else(|| panic!("{id}"))
}

fn body_problems(id: &str, body: &Value) -> Vec<String> {
    let schema = &operation(id).body.as_ref().unwrap().schema;
    schema.validate(body).iter().map(ToString::to_string).collect()
}

#[test]
fn every_documented_operation_is_there() {
    let of = |api| Catalogue::get().operations().iter().filter(move |it| it.api == api);
    assert_eq!((of(Api::Phone).count(), of(Api::NumberManagement).count()), (391, 28));
    assert_eq!(of(Api::Phone).filter(|it| it.deprecated).count(), 31);
    let mut labels = BTreeMap::new();
    for operation in of(Api::Phone) {
        *labels.entry(operation.rate).or_insert(0) += 1;
    }
    let expected = [
        (None, 2),
        (Some(RateLabel::Light), 290),
        (Some(RateLabel::Medium), 79),
        (Some(RateLabel::Heavy), 17),
        (Some(RateLabel::ResourceIntensive), 3),
    ];
    assert_eq!(labels, BTreeMap::from(expected));
}

#[test]
fn names_are_unique_and_every_operation_is_found_by_its_own() {
    let catalogue = Catalogue::get();
    let names: BTreeSet<&str> = catalogue.operations().iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names.len(), 419);
    for it in catalogue.operations() {
        assert!(std::ptr::eq(operation(&it.name), it), "{}", it.name);
        assert_eq!(operation(&it.id).id, it.id);
    }
    assert_eq!(operation("Getuser'sfaxlogs").name, "get_user_fax_logs");
    assert_eq!(operation("listPeeringPhoneNumbers").api, Api::Phone, "of two, Zoom Phone's");
    assert_eq!(operation("number_management_list_peering_phone_numbers").id, "listPeeringPhoneNumbers");
}

#[test]
fn every_operation_is_found_by_its_address() {
    for it in Catalogue::get().operations() {
        let values: Vec<String> = it.path_parameters().map(|name| format!("value of {name}")).collect();
        let path = it.path_parameters().zip(&values).fold(it.path.clone(), |path, (name, value)| {
            path.replace(&format!("{{{name}}}"), &value.replace(' ', "%20"))
        });
        let (found, parameters) = Catalogue::get().find(it.method.as_str(), &path).unwrap();
        assert_eq!((found.method, &found.path, found.api), (it.method, &it.path, it.api), "{path}");
        let expected: Vec<(&str, String)> = it.path_parameters().zip(values).collect();
        assert_eq!(parameters, expected);
        let declared: BTreeSet<&str> =
            it.parameters.iter().filter(|p| p.place == Place::Path).map(|p| p.name.as_str()).collect();
        assert_eq!(declared, it.path_parameters().collect(), "{}", it.id);
    }
}

#[test]
fn the_more_literal_template_wins() {
    let find =
        |method, path| Catalogue::get().find(method, path).map(|(it, values)| (it.id.as_str(), values));
    assert_eq!(find("GET", "/phone/rooms/unassigned"), Some(("listUnassignedZoomRooms", vec![])));
    assert_eq!(find("GET", "/phone/rooms/r1"), Some(("getZoomRoom", vec![("roomId", "r1".to_owned())])));
    assert_eq!(find("PUT", "/phone/users/batch").map(|it| it.0), Some("updateUsersPropertiesInBatch"));
    assert_eq!(
        find("GET", "/phone/users/a%40b.com/call_history/sync"),
        Some(("syncUserCallHistory", vec![("userId", "a@b.com".to_owned())]))
    );
    assert_eq!(
        find("PATCH", "/phone/shared_line_groups/g"),
        Some(("updateASharedLineGroup", vec![("sharedLineGroupId", "g".to_owned())])),
        "one name for one thing"
    );
}

#[test]
fn what_is_no_operation_is_not_found() {
    for (method, path) in [
        ("PUT", "/phone/users"),
        ("get", "/phone/users"),
        ("GET", "/phone/users/"),
        ("GET", "phone/users"),
        ("GET", "/v2/phone/users"),
        ("GET", "/phone//call_history"),
        ("GET", ""),
    ] {
        assert!(Catalogue::get().find(method, path).is_none(), "{method} {path}");
    }
}

#[test]
fn lists_say_how_they_page() {
    let history = operation("accountCallHistory");
    assert_eq!(history.page_size_max, Some(300));
    let paging = |token: &str, items: &str| Some(Paging { token: token.to_owned(), items: items.to_owned() });
    assert_eq!(history.paging, paging("next_page_token", "call_history"));
    assert_eq!(operation("syncUserCallHistory").paging, paging("sync_token", "call_elements"));
    assert_eq!(operation("listCallQueueMembers").paging, paging("next_page_token", "call_queue_members"));
    assert_eq!(operation("getPhoneRecordings").page_size_max, Some(300), "in prose only");
    assert_eq!(Catalogue::get().operations().iter().filter(|it| it.paging.is_some()).count(), 92);
    let operation_logs = &operation("getPSOperationLogs").paging;
    assert_eq!(*operation_logs, paging("next_page_token", "operation_logs"), "put together of parts");
    for it in Catalogue::get().operations() {
        let token = it.parameters.iter().find(|it| it.name.ends_with("page_token"));
        assert!(token.is_none() || it.paging.is_some(), "{} takes a token and does not page", it.id);
    }
    for it in Catalogue::get().operations() {
        let Some(paging) = &it.paging else { continue };
        assert!(it.parameters.iter().any(|parameter| parameter.name == paging.token), "{}", it.id);
        let Some(Response { content: Content::Json(schema), .. }) = it.success() else { panic!("{}", it.id) };
        assert!(matches!(schema.property(&paging.items), Some(Schema::Array { .. })), "{}", it.id);
    }
}

#[test]
fn parameters_say_how_they_are_written() {
    let parameter =
        |id: &str, name: &str| operation(id).parameters.iter().find(|it| it.name == name).unwrap();
    assert_eq!(parameter("accountCallHistory", "directions").list, Some(ListEncoding::Repeated));
    assert_eq!(parameter("GetCallChargesUsageReport", "call_ids").list, Some(ListEncoding::Comma));
    for (id, name) in [
        ("listZoomPhoneAccountSettings", "setting_types"),
        ("getGroupPhoneSettings", "setting_types"),
        ("deleteUnassignedPhoneNumbers", "phone_numbers"),
        ("removeCQPolicySubSetting", "shared_ids"),
        ("removeSLGPolicySubSetting", "shared_ids"),
        ("DeletePolicy", "shared_ids"),
    ] {
        assert_eq!(parameter(id, name).list, Some(ListEncoding::Comma), "{id}");
    }
    assert_eq!(parameter("accountCallHistory", "keyword").list, None);
    let Schema::Text { format, .. } = parameter("accountCallHistory", "from").schema.as_ref() else {
        panic!()
    };
    assert_eq!(format.as_deref(), Some("date-or-date-time"));
    assert!(matches!(parameter("ListPhoneRoleTargets", "page_size").schema.as_ref(), Schema::Integer { .. }));
    let repeated = Catalogue::get().operations().iter().flat_map(|it| &it.parameters);
    assert_eq!(repeated.filter(|it| it.list == Some(ListEncoding::Repeated)).count(), 34);
}

#[test]
fn responses_are_the_ones_that_happen() {
    let status = |id: &str| operation(id).success().unwrap().status;
    assert_eq!(status("assignPhoneToCallQueue"), 201, "documented as 204");
    assert_eq!(status("phoneDownloadRecordingTranscript"), 302);
    assert!(matches!(operation("phoneDownloadRecordingFile").success().unwrap().content, Content::File));
    assert!(matches!(operation("deleteACallQueue").success().unwrap().content, Content::Empty));
    assert!(Catalogue::get().operations().iter().all(|it| it.success().is_some()));
}

#[test]
fn requests_know_their_peculiarities() {
    let upload = operation("UploadFaxFiles");
    assert_eq!(upload.host.as_deref(), Some("fileapi.zoom.us"));
    assert_eq!(upload.body.as_ref().unwrap().content_type, "multipart/form-data");
    assert!(operation("DeletePhoneRoleTargets").body.is_some(), "a DELETE with a body");
    assert!(operation("rebootPhoneDevice").body.is_none(), "a POST without");
    assert_eq!(operation("accountCallHistory").scopes_granular, ["phone:read:list_call_logs:admin"]);
}

#[test]
fn a_request_body_is_checked() {
    let problems = body_problems;
    assert_eq!(
        problems("createCallQueue", &json!({"name": "Sales", "site_id": "S", "extension_number": 801})),
        [""; 0]
    );
    assert_eq!(
        problems("createCallQueue", &json!({"name": "Sales", "unknown": [1]})),
        [""; 0],
        "site_id is optional"
    );
    assert_eq!(
        problems("createCallQueue", &json!({"name": 1, "extension_number": "x"})),
        ["extension_number must be an integer", "name must be text"]
    );
    assert_eq!(problems("createCallQueue", &json!([])), ["the value must be an object"]);
    assert_eq!(
        problems("createCallQueue", &json!({"name": "Sales", "members": {"users": [{"id": 7}, 8]}})),
        ["members.users[0].id must be text", "members.users[1] must be an object"]
    );
}

#[test]
fn bounds_vocabularies_and_required_fields_are_checked() {
    let schema = |place: &str, id: &str| {
        operation(id).parameters.iter().find(|it| it.name == place).unwrap().schema.clone()
    };
    let say = |found: Vec<Violation>| found.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        say(schema("page_size", "accountCallHistory").validate(&json!(301))),
        ["the value must be at most 300"]
    );
    assert_eq!(say(schema("page_size", "accountCallHistory").validate(&json!(300.0))), [""; 0]);
    assert_eq!(
        say(schema("directions", "accountCallHistory").validate(&json!(["inbound", "sideways"]))),
        ["[1] must be one of inbound, outbound"]
    );
    let sms = body_problems("postSmsMessage", &json!({"message": "Hello"}));
    assert!(sms.contains(&"sender is required".to_owned()), "{sms:?}");
}

#[test]
fn of_several_forms_the_nearest_counts() {
    let forms = Schema::OneOf(vec![
        Schema::Array { items: Schema::Boolean.into(), min_items: None, max_items: Some(2) }.into(),
        Schema::Integer { min: Some(1), max: None, values: vec![] }.into(),
    ]);
    assert_eq!(forms.validate(&json!(3)), []);
    assert_eq!(forms.validate(&json!([true, false])), []);
    assert_eq!(forms.validate(&json!([true, false, 1])).len(), 1, "at most one complaint of the better form");
    assert_eq!(forms.validate(&json!(0))[0].message, "must be a list");
}

#[test]
fn call_elements_may_be_warm_transfers() {
    let Content::Json(schema) = &operation("getCallElement").success().unwrap().content else { panic!() };
    assert_eq!(schema.validate(&json!({"event": "warm_transfer_incoming"})), []);
    assert_eq!(schema.validate(&json!({"event": "teleport"})).len(), 1);
}

#[test]
fn what_zoom_gives_as_an_example_is_valid() {
    let Content::Json(schema) = &operation("smsByMessageId").success().unwrap().content else { panic!() };
    assert_eq!(schema.validate(&json!({"attachments": [{"type": "JPG/JPEG"}]})), []);
}

proptest! {
    #[test]
    fn any_value_can_be_checked_against_any_schema(
        operation in prop::sample::select(Catalogue::get().operations()),
        number in any::<f64>(),
        text in "\\PC{0,300}",
        key in prop::sample::select(vec!["name", "members", "settings", "users", "page_size"]),
    ) {
        let schemas = operation.body.iter().map(|it| &it.schema).chain(operation.parameters.iter().map(|it| &it.schema));
        for schema in schemas {
            for value in [json!(number), json!(text), json!([number, text]), json!({key: [{key: number}, text]})] {
                for violation in schema.validate(&value) {
                    prop_assert!(!violation.message.is_empty());
                }
            }
        }
    }

    #[test]
    fn any_address_is_found_or_not(path in "(/phone|/[a-z%{}]{0,6}|/\\PC{0,4}){0,5}") {
        if let Some((operation, values)) = Catalogue::get().find("GET", &path) {
            prop_assert_eq!(operation.path_parameters().count(), values.len());
        }
    }
}
