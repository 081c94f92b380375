//! The account: extensions, numbers and memberships stay consistent whatever is written.

use axum::http::StatusCode;
use serde_json::{Value, json};
use zoom_phone_emulator::{CompanyFile, Config, Temper};
use zoom_phone_types::catalogue::{Catalogue, Content};

use crate::rig::Zoom;

const CREATED: StatusCode = StatusCode::CREATED;
const DONE: StatusCode = StatusCode::NO_CONTENT;

impl Zoom {
    /// A successful answer, which is as the operation declares it.
    async fn told(&self, path: &str) -> Value {
        let (status, answer) = self.get(&format!("/v2{path}")).await;
        assert_eq!(status, StatusCode::OK, "{path}: {answer}");
        let (operation, _) = Catalogue::get()
            .find("GET", path.split('?').next().expect("a path"))
            .expect("a documented operation");
        let Some(Content::Json(schema)) = operation.success().map(|response| &response.content) else {
            panic!("{path} has no JSON")
        };
        assert_eq!(schema.validate(&answer), [], "{path}: {answer}");
        answer
    }

    async fn write(&self, method: &str, path: &str, body: Value) -> (StatusCode, Value) {
        self.say(method, &format!("/v2{path}"), &body).await
    }

    /// A write that succeeds.
    async fn done(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.write(method, path, body).await;
        assert!(status.is_success(), "{method} {path}: {status} {answer}");
        answer
    }

    /// A write that is refused with this status and code.
    async fn refused(&self, method: &str, path: &str, body: Value) -> (u16, u64) {
        let (status, answer) = self.write(method, path, body).await;
        assert!(status.is_client_error(), "{method} {path}: {status} {answer}");
        (status.as_u16(), answer["code"].as_u64().expect("a code"))
    }

    /// The first row of a list with this value.
    async fn row(&self, path: &str, list: &str, field: &str, value: &str) -> Value {
        let answer = self.told(path).await;
        let rows = answer[list].as_array().expect("rows");
        rows.iter().find(|row| row[field] == value).cloned().unwrap_or(Value::Null)
    }

    async fn queue(&self, name: &str) -> Value {
        self.row("/phone/call_queues", "call_queues", "name", name).await
    }

    async fn user(&self, name: &str) -> Value {
        self.row("/phone/users?page_size=100", "users", "name", name).await
    }

    async fn free_number(&self) -> Value {
        self.told("/phone/numbers?type=unassigned").await["phone_numbers"][0].clone()
    }
}

fn id(thing: &Value) -> &str {
    thing["id"].as_str().expect("an id")
}

#[tokio::test(start_paused = true)]
async fn a_number_has_one_assignee_and_both_know_it() {
    let zoom = Zoom::start().await;
    let (user, queue, number) =
        (zoom.user("Ada Moreno").await, zoom.queue("Sales").await, zoom.free_number().await);
    let body = json!({ "phone_numbers": [{ "number": number["number"] }] });
    let told = zoom.done("POST", &format!("/phone/users/{}/phone_numbers", id(&user)), body.clone()).await;
    assert_eq!(told["phone_numbers"][0]["id"], number["id"]);
    let now = zoom.told(&format!("/phone/numbers/{}", id(&number))).await;
    assert_eq!((&now["assignee"]["id"], &now["assignee"]["type"]), (&user["id"], &json!("user")));
    let managed = zoom.told(&format!("/number_management/numbers/{}", id(&number))).await;
    assert_eq!(managed["assigned_list"][0]["assigned_to_id"], user["id"]);
    assert_eq!(managed["assigned_list"][0]["assigned_to_type"], "User");
    assert_eq!(zoom.user("Ada Moreno").await["phone_numbers"].as_array().expect("numbers").len(), 2);

    let of_queue = format!("/phone/call_queues/{}/phone_numbers", id(&queue));
    assert_eq!(zoom.refused("POST", &of_queue, body.clone()).await, (400, 400), "it is taken");
    let all = json!({ "numbers": [number["number"]], "allocated_product": "ZOOM_CONTACT_CENTER" });
    assert_eq!(zoom.refused("PATCH", "/number_management/allocation", all.clone()).await, (400, 200_002));
    let away = format!("/phone/numbers?phone_numbers={}", id(&number));
    assert_eq!(zoom.refused("DELETE", &away, Value::Null).await, (400, 300));

    let foreign = format!("/phone/users/{}/phone_numbers/{}", id(&user), id(&queue["phone_numbers"][0]));
    assert_eq!(zoom.refused("DELETE", &foreign, Value::Null).await, (404, 400));
    zoom.done("DELETE", &format!("/phone/users/{}/phone_numbers/{}", id(&user), id(&number)), Value::Null)
        .await;
    assert_eq!(zoom.told(&format!("/phone/numbers/{}", id(&number))).await["assignee"], Value::Null);
    zoom.done("POST", &of_queue, body).await;
    zoom.done("DELETE", &of_queue, Value::Null).await;
    assert_eq!(zoom.queue("Sales").await["phone_numbers"], json!([]));
    zoom.done("PATCH", "/number_management/allocation", all).await;
    let gone = zoom.told("/phone/numbers?type=unassigned&page_size=100").await;
    assert!(!gone["phone_numbers"].to_string().contains(id(&number)), "Zoom Contact Center has it");
}

#[tokio::test(start_paused = true)]
async fn own_numbers_are_brought_and_removed() {
    let zoom = Zoom::start().await;
    let site = zoom.told("/phone/sites").await["sites"][1].clone();
    let body = json!({ "carrier": "Acme", "phone_numbers": ["+15552220001"], "site_id": site["id"] });
    let told = zoom.done("POST", "/phone/byoc_numbers", body.clone()).await;
    assert_eq!(zoom.refused("POST", "/phone/byoc_numbers", body).await, (400, 300), "it is there already");
    let number = id(&told["phone_numbers"][0]);
    let found = zoom.told("/phone/numbers?type=byoc").await["phone_numbers"][0].clone();
    assert_eq!((id(&found), &found["site"]["name"]), (number, &json!("West Office")));
    let main = zoom.told("/phone/sites").await["sites"][0].clone();
    let body = json!({ "phone_numbers": [number] });
    zoom.done("PATCH", &format!("/phone/numbers/sites/{}", id(&main)), body).await;
    assert_eq!(zoom.told(&format!("/phone/numbers/{number}")).await["site"]["id"], main["id"]);
    let body = json!({ "capability": ["incoming"], "display_name": "Hotline" });
    zoom.done("PATCH", &format!("/phone/numbers/{number}"), body).await;
    let managed = zoom.told(&format!("/number_management/numbers/{number}")).await;
    assert_eq!((&managed["capability"], &managed["source"]), (&json!(["Incoming"]), &json!("BYOCCloud")));
    assert_eq!(managed["display_name"], "Hotline");
    zoom.done("DELETE", &format!("/number_management/numbers?numbers={number}"), Value::Null).await;
    assert_eq!(zoom.get(&format!("/v2/number_management/numbers/{number}")).await.0, StatusCode::NOT_FOUND);
    let bad = json!({
        "allocated_product": "ZOOM_PHONE", "site_id": main["id"], "phone_numbers": ["12", "+16465550101"],
    });
    assert_eq!(zoom.refused("POST", "/number_management/byoc_numbers", bad).await, (400, 1000));
}

#[tokio::test(start_paused = true)]
async fn a_deleted_queue_frees_its_number() {
    let zoom = Zoom::start().await;
    let queue = zoom.queue("Support").await;
    let number = id(&queue["phone_numbers"][0]).to_owned();
    zoom.done("DELETE", &format!("/phone/call_queues/{}", id(&queue)), Value::Null).await;
    let (status, answer) = zoom.get(&format!("/v2/phone/call_queues/{}", id(&queue))).await;
    assert_eq!((status, &answer["code"]), (StatusCode::NOT_FOUND, &json!(13000)));
    assert_eq!(zoom.told(&format!("/phone/numbers/{number}")).await["assignee"], Value::Null);
    assert_eq!(
        zoom.refused("DELETE", &format!("/phone/call_queues/{}", id(&queue)), Value::Null).await,
        (400, 400)
    );
    assert_eq!(zoom.told("/phone/call_queues").await["total_records"], 2);
}

#[tokio::test(start_paused = true)]
async fn what_names_a_deleted_thing_goes_on_naming_it() {
    let zoom = Zoom::start().await;
    let main = zoom.told("/phone/auto_receptionists").await["auto_receptionists"][0].clone();
    let ivr = format!("/phone/auto_receptionists/{}/ivr", id(&main));
    let key = |menu: &Value| {
        menu["key_actions"].as_array().expect("keys").iter().find(|it| it["key"] == "2").cloned()
    };
    let before = key(&zoom.told(&ivr).await).expect("a key");
    assert_eq!(before["target"]["display_name"], "Support");
    zoom.done("DELETE", &format!("/phone/call_queues/{}", id(&zoom.queue("Support").await)), Value::Null)
        .await;
    let after = key(&zoom.told(&ivr).await).expect("a key");
    assert_eq!(after["target"]["extension_id"], before["target"]["extension_id"]);
    assert_eq!(after["target"]["display_name"], Value::Null);

    let audios = format!("/phone/users/{}/audios", id(&zoom.user("Ada Moreno").await));
    let audio = zoom.told(&audios).await["audios"][0]["audio_id"].clone();
    let prompt = json!({ "hours_type": "business_hours", "audio_prompt_id": audio });
    zoom.done("PATCH", &ivr, prompt).await;
    assert_eq!(zoom.told(&ivr).await["audio_prompt"], json!({ "id": audio, "name": "Welcome" }));
    let audio = audio.as_str().expect("an id");
    zoom.done("DELETE", &format!("/phone/audios/{audio}"), Value::Null).await;
    let removed = zoom.told(&ivr).await["audio_prompt"]["id"].clone();
    assert_eq!(removed, format!("removed_{audio}"));
    let item = zoom.told(&format!("/phone/audios/{}", removed.as_str().expect("an id"))).await;
    assert_eq!(item["name"], "Welcome");
}

#[tokio::test(start_paused = true)]
async fn two_extensions_never_have_the_same_number_and_each_kind_says_so_in_its_way() {
    let zoom = Zoom::start().await;
    let receptionist = zoom.told("/phone/auto_receptionists").await["auto_receptionists"][0].clone();
    let group = zoom.told("/phone/shared_line_groups").await["shared_line_groups"][0].clone();
    let area = zoom.told("/phone/common_areas").await["common_areas"][0].clone();
    let room = zoom.told("/phone/rooms").await["rooms"][0].clone();
    let extensions = [
        (format!("/phone/users/{}", id(&zoom.user("Ben Okafor").await)), (400, 409)),
        (format!("/phone/call_queues/{}", id(&zoom.queue("Sales").await)), (400, 400)),
        (format!("/phone/auto_receptionists/{}", id(&receptionist)), (400, 10001)),
        (format!("/phone/shared_line_groups/{}", id(&group)), (400, 400)),
        (format!("/phone/common_areas/{}", id(&area)), (400, 409)),
        (format!("/phone/rooms/{}", id(&room)), (400, 300)),
    ];
    for (free, (path, taken)) in (7000..).zip(extensions) {
        let number = |number: i64| {
            let of_user = path.starts_with("/phone/users");
            json!({ "extension_number": if of_user { json!(number.to_string()) } else { json!(number) } })
        };
        assert_eq!(zoom.refused("PATCH", &path, number(1001)).await, taken, "{path}");
        zoom.refused("PATCH", &path, number(911)).await;
        zoom.refused("PATCH", &path, number(7)).await;
        zoom.done("PATCH", &path, number(7777)).await;
        zoom.done("PATCH", &path, number(7777)).await;
        let now = zoom.told(&path).await;
        assert_eq!(now["extension_number"], 7777);
        if let Some(own) = now["phone_numbers"][0]["id"].as_str() {
            let assignee = zoom.told(&format!("/phone/numbers/{own}")).await["assignee"].clone();
            assert!(assignee["extension_number"] == 7777 || assignee["extension_number"].is_null());
        }
        zoom.done("PATCH", &path, number(free)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn members_of_a_queue_come_and_go_within_limits() {
    let zoom = Zoom::start().await;
    let site = zoom.told("/phone/sites").await["sites"][0]["id"].clone();
    let users = zoom.told("/phone/users?page_size=100").await["users"].clone();
    let areas = zoom.told("/phone/common_areas").await["common_areas"].clone();
    let some = |range: std::ops::Range<usize>| -> Vec<Value> {
        range.map(|nth| json!({ "id": users[nth]["id"] })).collect()
    };
    let body = json!({ "name": "Claims", "site_id": site, "members": { "users": some(0..4) } });
    let queue = zoom.done("POST", "/phone/call_queues", body).await;
    assert_eq!(queue["extension_number"], 804);
    let members = format!("/phone/call_queues/{}/members", id(&queue));
    let both =
        json!({ "members": { "users": some(4..13), "common_area_ids": [areas[0]["id"], areas[1]["id"]] } });
    assert_eq!(zoom.refused("POST", &members, both).await, (400, 300), "eleven at once");
    let both = json!({ "members": {
        "users": [{ "email": "elif.demir@example.com" }, { "id": users[0]["id"] }],
        "common_area_ids": [areas[0]["id"]],
    } });
    zoom.done("POST", &members, both).await;
    let stranger = json!({ "members": { "users": [{ "id": "nobody" }] } });
    assert_eq!(zoom.refused("POST", &members, stranger).await, (404, 1001));
    let told = zoom.told(&members).await;
    let levels: Vec<_> =
        told["call_queue_members"].as_array().expect("members").iter().map(|it| &it["level"]).collect();
    assert_eq!(levels, ["user", "user", "user", "user", "user", "commonArea"]);
    let detail = zoom.told(&format!("/phone/call_queues/{}", id(&queue))).await;
    assert_eq!(detail["members"]["common_areas"][0]["name"], "Lobby");
    zoom.done("DELETE", &format!("{members}/{}", id(&users[0])), Value::Null).await;
    let (status, _) = zoom.write("DELETE", &format!("{members}/{}", id(&users[0])), Value::Null).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    zoom.done("DELETE", &members, Value::Null).await;
    assert_eq!(zoom.told(&members).await["total_records"], 0);

    let support = zoom.queue("Support").await;
    let detail = zoom.told(&format!("/phone/call_queues/{}", id(&support))).await;
    let members = detail["members"]["users"].as_array().expect("members");
    let manager = members.iter().find(|it| it["level"] == "manager").expect("a manager");
    let path = format!("/phone/call_queues/{}/members/{}", id(&support), id(manager));
    assert_eq!(zoom.refused("DELETE", &path, Value::Null).await, (400, 400));
}

#[tokio::test(start_paused = true)]
async fn a_queue_takes_no_more_than_300_members() {
    let zoom = Zoom::with(Config { company: CompanyFile::large(), ..Config::default() }).await;
    let (mut users, mut token) = (Vec::new(), String::new());
    loop {
        let page = zoom.told(&format!("/phone/users?page_size=100&next_page_token={token}")).await;
        users.extend(page["users"].as_array().expect("users").iter().map(|user| user["id"].clone()));
        page["next_page_token"].as_str().expect("a token").clone_into(&mut token);
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(users.len(), 1500);
    let queue = zoom.told("/phone/call_queues").await["call_queues"][0].clone();
    let members = format!("/phone/call_queues/{}/members", id(&queue));
    zoom.done("DELETE", &members, Value::Null).await;
    for ten in users[..300].chunks(10) {
        let ten: Vec<_> = ten.iter().map(|id| json!({ "id": id })).collect();
        zoom.done("POST", &members, json!({ "members": { "users": ten } })).await;
        // Within the limit of calls a second.
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    let one_more = json!({ "members": { "users": [{ "id": users[300] }] } });
    assert_eq!(zoom.refused("POST", &members, one_more).await, (400, 412));
    let known = json!({ "members": { "users": [{ "id": users[0] }] } });
    zoom.done("POST", &members, known).await;
}

#[tokio::test(start_paused = true)]
async fn custom_groups_hold_members_of_the_queue_in_order() {
    let zoom = Zoom::start().await;
    let queue = zoom.queue("Billing").await;
    let groups = format!("/phone/call_queues/{}/custom_groups", id(&queue));
    let members =
        zoom.told(&format!("/phone/call_queues/{}/members", id(&queue))).await["call_queue_members"].clone();
    let extension = |nth: usize| members[nth]["extension_id"].clone();
    let stranger = zoom.user("Ada Moreno").await["extension_id"].clone();
    let body = json!({ "name": "A", "member_extension_ids": [extension(0), stranger] });
    assert_eq!(zoom.refused("POST", &groups, body).await, (400, 300));
    let first =
        zoom.done("POST", &groups, json!({ "name": "A", "member_extension_ids": [extension(0)] })).await;
    let second = zoom.done("POST", &groups, json!({ "name": "B" })).await;
    assert_eq!((&first["sequence"], &second["sequence"]), (&json!(1), &json!(2)));
    let second = format!("{groups}/{}", second["custom_group_id"].as_str().expect("an id"));
    zoom.done(
        "POST",
        &format!("{second}/members"),
        json!({ "member_extension_ids": [extension(0), extension(1)] }),
    )
    .await;
    let told = zoom.done("PATCH", &second, json!({ "name": "C" })).await;
    assert_eq!((&told["name"], told["members"].as_array().expect("members").len()), (&json!("C"), 2));
    zoom.done(
        "DELETE",
        &format!("/phone/call_queues/{}/members/{}", id(&queue), id(&members[0])),
        Value::Null,
    )
    .await;
    assert_eq!(
        zoom.told(&second).await["members"].as_array().expect("members").len(),
        1,
        "gone from the queue"
    );
    zoom.done(
        "DELETE",
        &format!("{groups}/{}", first["custom_group_id"].as_str().expect("an id")),
        Value::Null,
    )
    .await;
    assert_eq!(zoom.told(&second).await["sequence"], 1);
    assert_eq!(zoom.refused("PATCH", &format!("{groups}/none"), json!({ "name": "x" })).await, (404, 13002));
    let nowhere = "/phone/call_queues/none/custom_groups";
    assert_eq!(zoom.refused("POST", nowhere, json!({ "name": "x" })).await, (404, 13000));
    for _ in 1..20 {
        zoom.done("POST", &groups, json!({ "name": "more" })).await;
    }
    assert_eq!(zoom.refused("POST", &groups, json!({ "name": "too many" })).await, (400, 13003));
}

#[tokio::test(start_paused = true)]
async fn a_site_comes_with_its_receptionist_and_leaves_its_things_to_another() {
    let zoom = Zoom::start().await;
    let address = json!({ "address_line1": "1 Way", "city": "Austin", "country": "US", "state_code": "TX", "zip": "73301" });
    let body = json!({ "name": "South", "auto_receptionist_name": "South Line", "default_emergency_address": address });
    let site = zoom.done("POST", "/phone/sites", body).await;
    let detail = zoom.told(&format!("/phone/sites/{}", id(&site))).await;
    let main = detail["main_auto_receptionist"]["id"].as_str().expect("a receptionist").to_owned();
    assert_eq!(
        zoom.refused("DELETE", &format!("/phone/auto_receptionists/{main}"), Value::Null).await,
        (400, 400)
    );
    zoom.done("PATCH", &format!("/phone/auto_receptionists/{main}"), json!({ "name": "Southern Line" }))
        .await;
    let user = zoom.user("Ada Moreno").await;
    let batch = json!({ "batch_type": "move_site", "site_id": site["id"], "user_ids": [user["id"]] });
    zoom.done("PUT", "/phone/users/batch", batch).await;
    zoom.done("PATCH", &format!("/phone/sites/{}", id(&site)), json!({ "name": "Deep South" })).await;
    assert_eq!(zoom.user("Ada Moreno").await["site"], json!({ "id": site["id"], "name": "Deep South" }));
    let own = zoom.told(&format!("/phone/numbers/{}", id(&user["phone_numbers"][0]))).await;
    assert_eq!(own["site"]["name"], "Deep South");
    let row = zoom.row("/phone/sites?site_name=deep", "sites", "name", "Deep South").await;
    assert_eq!(row["main_auto_receptionist"]["name"], "Southern Line");

    let sites = zoom.told("/phone/sites").await["sites"].clone();
    let to = |target: &Value| format!("/phone/sites/{}?transfer_site_id={}", id(&site), id(target));
    assert_eq!(zoom.refused("DELETE", &to(&site), Value::Null).await, (400, 400), "to itself");
    let of_main = format!("/phone/sites/{}?transfer_site_id={}", id(&sites[0]), id(&site));
    assert_eq!(zoom.refused("DELETE", &of_main, Value::Null).await, (400, 400), "the main site stays");
    zoom.done("DELETE", &to(&sites[1]), Value::Null).await;
    assert_eq!(zoom.user("Ada Moreno").await["site"]["name"], "West Office");
    assert_eq!(zoom.get(&format!("/v2/phone/sites/{}", id(&site))).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(zoom.get(&format!("/v2/phone/auto_receptionists/{main}")).await.0, StatusCode::BAD_REQUEST);
}

#[tokio::test(start_paused = true)]
async fn users_are_added_moved_deactivated_and_given_plans() {
    let zoom = Zoom::start().await;
    let number = zoom.free_number().await;
    let new = |extension: &str| {
        json!({ "users": [{
            "email": "eve.stone@example.com", "first_name": "Eve", "last_name": "Stone", "calling_plans": ["200"],
            "extension_number": extension, "phone_numbers": [number["number"]], "site_name": "West Office",
        }] })
    };
    assert_eq!(zoom.refused("POST", "/phone/users/batch", new("1001")).await, (400, 409));
    let added = zoom.done("POST", "/phone/users/batch", new("2001")).await;
    assert_eq!(zoom.refused("POST", "/phone/users/batch", new("2002")).await, (400, 300), "she is there");
    let eve = format!("/phone/users/{}", id(&added[0]));
    let told = zoom.told(&eve).await;
    assert_eq!((&told["email"], &told["extension_number"]), (&json!("eve.stone@example.com"), &json!(2001)));
    assert_eq!(told["phone_numbers"][0]["id"], number["id"]);
    assert_eq!(zoom.told("/phone/users?keyword=eve%20st").await["total_records"], 1);
    let off =
        json!({ "batch_type": "activate", "activation_status": "deactivate", "user_ids": [added[0]["id"]] });
    zoom.done("PUT", "/phone/users/batch", off).await;
    assert_eq!(zoom.told("/phone/users?status=deactivate").await["users"][0]["name"], "Eve Stone");

    let pending = zoom.told("/phone/users?status=pending").await["users"].clone();
    let batch = json!({ "batch_type": "assign_pending_user", "user_ids": [pending[0]["id"]] });
    zoom.done("PUT", "/phone/users/batch", batch).await;
    assert_eq!(zoom.told(&format!("/phone/users/{}", id(&pending[0]))).await["status"], "activate");
    assert_eq!(zoom.told("/phone/users?status=pending").await["total_records"], 1);

    let available = |plans: &Value| plans["calling_plans"][1]["available"].as_i64().expect("a number");
    let before = available(&zoom.told("/phone/calling_plans").await);
    let switch = json!({ "source_type": 200, "target_type": 100 });
    zoom.done("PUT", &format!("{eve}/calling_plans"), switch.clone()).await;
    assert_eq!(available(&zoom.told("/phone/calling_plans").await), before - 1);
    assert_eq!(zoom.refused("PUT", &format!("{eve}/calling_plans"), switch).await, (400, 404));
    assert_eq!(zoom.told("/phone/users?calling_type=100").await["users"][0]["name"], "Eve Stone");
    zoom.done("DELETE", &format!("{eve}/calling_plans/100"), Value::Null).await;
    assert_eq!(zoom.refused("DELETE", &format!("{eve}/calling_plans/100"), Value::Null).await, (400, 400));
    let unknown = json!({ "calling_plans": [{ "type": 4711 }] });
    assert_eq!(zoom.refused("POST", &format!("{eve}/calling_plans"), unknown).await, (400, 300));

    let policy = json!({ "policy": { "voicemail": { "allow_delete": false } } });
    zoom.done("PATCH", &eve, policy).await;
    let voicemail = zoom.told(&eve).await["policy"]["voicemail"].clone();
    assert_eq!((&voicemail["allow_delete"], &voicemail["enable"]), (&json!(false), &json!(true)));
    let nobody = zoom.refused("PATCH", "/phone/users/nobody", json!({})).await;
    assert_eq!(nobody, (404, 1001));
}

#[tokio::test(start_paused = true)]
async fn a_shared_line_group_has_members_of_its_own_and_a_primary_number_that_it_has() {
    let zoom = Zoom::start().await;
    let body = json!({ "display_name": "Night Shift", "extension_number": 877 });
    let group = zoom.done("POST", "/phone/shared_line_groups", body).await;
    let path = format!("/phone/shared_line_groups/{}", id(&group));
    let taken = zoom.user("Xenia Nagy").await;
    let members = |user: &Value| json!({ "members": { "users": [{ "id": user["id"] }] } });
    assert_eq!(
        zoom.refused("POST", &format!("{path}/members"), members(&taken)).await,
        (400, 300),
        "in another"
    );
    let free = zoom.user("Ada Moreno").await;
    zoom.done("POST", &format!("{path}/members"), members(&free)).await;
    assert_eq!(zoom.told(&path).await["members"]["users"][0]["name"], "Ada Moreno");
    let number = zoom.free_number().await;
    let primary = json!({ "primary_number": number["number"] });
    assert_eq!(zoom.refused("PATCH", &path, primary).await, (400, 300), "it is not the group's");
    let numbers = json!({ "phone_numbers": [{ "id": number["id"] }] });
    let (status, _) = zoom.write("POST", &format!("{path}/phone_numbers"), numbers).await;
    assert_eq!(status, CREATED);
    assert_eq!(zoom.told(&path).await["primary_number"], number["number"]);
    zoom.done("DELETE", &format!("{path}/phone_numbers/{}", id(&number)), Value::Null).await;
    assert_eq!(zoom.told(&path).await["primary_number"], Value::Null);
    zoom.done("PATCH", &path, json!({ "display_name": "Late Shift", "status": "inactive" })).await;
    let now = zoom.told(&path).await;
    assert_eq!((&now["display_name"], &now["status"]), (&json!("Late Shift"), &json!("inactive")));
    let (status, _) = zoom.write("DELETE", &path, Value::Null).await;
    assert_eq!(status, DONE);
    assert_eq!(zoom.refused("PATCH", &path, json!({})).await, (404, 404));
}

#[tokio::test(start_paused = true)]
async fn common_areas_have_pins_and_activation_codes() {
    let zoom = Zoom::start().await;
    let area = zoom.done("POST", "/phone/common_areas", json!({ "display_name": "Garage" })).await;
    let path = format!("/phone/common_areas/{}", id(&area));
    let plans = json!({ "calling_plans": [{ "type": 100 }] });
    let told = zoom.done("POST", &format!("{path}/calling_plans"), plans).await;
    assert_eq!(told["calling_plans"][0]["name"], "US/CA Metered Calling Plan");
    for (pin, good) in
        [("1234", false), ("7777", false), ("12", false), ("873", false), ("4a61", false), ("4961", true)]
    {
        let (status, answer) =
            zoom.write("PATCH", &format!("{path}/pin_code"), json!({ "pin_code": pin })).await;
        assert_eq!(status == DONE, good, "{pin}: {answer}");
    }
    let codes = json!({ "common_area_ids": [area["id"]] });
    let told = zoom.done("POST", "/phone/common_areas/activation_code", codes).await;
    let listed =
        zoom.told("/phone/common_areas/activation_codes").await["common_areas_activation_codes"].clone();
    assert_eq!(listed[0]["activation_code"], told["common_areas_activation_codes"][0]["activation_code"]);
    let codes = json!({ "common_area_ids": ["none"] });
    assert_eq!(zoom.refused("POST", "/phone/common_areas/activation_code", codes).await, (400, 404));
    zoom.done("DELETE", &path, Value::Null).await;
    let (status, answer) = zoom.get(&format!("/v2{path}")).await;
    assert_eq!((status, &answer["code"]), (StatusCode::BAD_REQUEST, &json!(400)));
}

#[tokio::test(start_paused = true)]
async fn a_room_gets_zoom_phone_and_loses_it_and_stays_the_same_room() {
    let zoom = Zoom::start().await;
    let room = zoom.told("/phone/rooms/unassigned").await["rooms"][0].clone();
    zoom.done("POST", "/phone/rooms", json!({ "id": room["id"] })).await;
    let path = format!("/phone/rooms/{}", id(&room));
    assert_eq!(zoom.told(&path).await["name"], "Studio");
    let number = zoom.free_number().await;
    let numbers = json!({ "phone_numbers": [{ "number": number["number"] }] });
    assert_eq!(
        zoom.refused("POST", &format!("{path}/phone_numbers"), numbers.clone()).await,
        (400, 409),
        "no plan"
    );
    zoom.done("POST", &format!("{path}/calling_plans"), json!({ "calling_plans": [{ "type": 200 }] })).await;
    zoom.done("POST", &format!("{path}/phone_numbers"), numbers).await;
    zoom.done("DELETE", &path, Value::Null).await;
    assert_eq!(zoom.told(&format!("/phone/numbers/{}", id(&number))).await["assignee"], Value::Null);
    assert_eq!(zoom.told("/phone/rooms/unassigned").await["rooms"][0]["id"], room["id"]);
    assert_eq!(zoom.refused("DELETE", &path, Value::Null).await, (400, 404));
}

#[tokio::test(start_paused = true)]
async fn contacts_are_kept_and_their_pictures_checked() {
    let zoom = Zoom::start().await;
    let contact = json!({ "name": "Vera", "phone_numbers": ["+15552223333"], "extension_number": "9100" });
    let told = zoom.done("POST", "/phone/external_contacts", contact.clone()).await;
    assert_eq!(
        zoom.refused("POST", "/phone/external_contacts", contact).await,
        (400, 300),
        "the extension is taken"
    );
    let path = format!("/phone/external_contacts/{}", told["external_contact_id"].as_str().expect("an id"));
    let picture = json!({ "profile_picture": { "type": "PNG", "base64_encoding": "?" } });
    assert_eq!(zoom.refused("PATCH", &path, picture).await, (400, 400));
    zoom.done("PATCH", &path, json!({ "email": "vera@example.com" })).await;
    assert_eq!(zoom.told(&path).await["email"], "vera@example.com");
    zoom.done("DELETE", &path, Value::Null).await;
    assert_eq!(zoom.refused("DELETE", &path, Value::Null).await, (400, 300));
}

#[tokio::test(start_paused = true)]
async fn a_deleted_audio_leaves_the_library_and_can_still_be_fetched() {
    let zoom = Zoom::start().await;
    let user = zoom.user("Ada Moreno").await;
    let audios = format!("/phone/users/{}/audios", id(&user));
    let spoken = json!({ "audio_name": "Hello", "text": "Hello there", "voice_language": "en-GB" });
    let told = zoom.done("POST", &audios, spoken).await;
    let audio = told["audio_id"].as_str().expect("an id");
    let empty = json!({ "audio_name": "Hello", "text": "" });
    assert_eq!(zoom.refused("POST", &audios, empty).await, (400, 300));
    let file = json!({ "attachments": [{ "audio_type": "mp3", "name": "beep", "base64_encoding": "AAAA" }] });
    zoom.done("POST", &format!("{audios}/batch"), file).await;
    let count = zoom.told(&audios).await["audios"].as_array().expect("items").len();
    zoom.done("PATCH", &format!("/phone/audios/{audio}"), json!({ "name": "Greeting" })).await;
    let item = zoom.told(&format!("/phone/audios/{audio}")).await;
    assert_eq!((&item["name"], &item["text"]), (&json!("Greeting"), &json!("Hello there")));
    let link = item["play_url"].as_str().expect("a link");
    let (status, _) = zoom.get(&link[link.find("/file").expect("a path")..]).await;
    assert_eq!(status, StatusCode::OK);
    zoom.done("DELETE", &format!("/phone/audios/{audio}"), Value::Null).await;
    assert_eq!(zoom.told(&audios).await["audios"].as_array().expect("items").len(), count - 1);
    let removed = zoom.told(&format!("/phone/audios/{audio}")).await;
    assert_eq!(removed["audio_id"], format!("removed_{audio}"));
    assert_eq!(zoom.refused("DELETE", &format!("/phone/audios/{audio}"), Value::Null).await, (400, 300));
}

#[tokio::test(start_paused = true)]
async fn company_numbers_become_caller_ids_of_users_and_sites() {
    let zoom = Zoom::start().await;
    let account = "/phone/outbound_caller_id/customized_numbers";
    let own =
        format!("/phone/users/{}/outbound_caller_id/customized_numbers", id(&zoom.user("Ada Moreno").await));
    let all = zoom.told(&format!("{own}?selected=false")).await;
    let count = all["total_records"].as_i64().expect("a number");
    let number = all["customize_numbers"][0]["phone_number_id"].clone();
    let body = json!({ "phone_number_ids": [number] });
    assert_eq!(
        zoom.refused("POST", account, body.clone()).await,
        (400, 300),
        "the account has several sites"
    );
    zoom.done("POST", &own, body.clone()).await;
    zoom.done("POST", &own, body).await;
    let chosen = zoom.told(&format!("{own}?selected=true")).await;
    assert_eq!(
        (&chosen["total_records"], chosen["customize_numbers"].as_array().map(Vec::len)),
        (&json!(1), Some(1))
    );
    assert_eq!(zoom.told(&format!("{own}?selected=false")).await["total_records"], count - 1);
    let of_queues = zoom.told(&format!("{own}?extension_type=callQueue")).await;
    assert_eq!(of_queues["total_records"], 3);
    let mine = json!({ "phone_number_ids": [id(&zoom.user("Ada Moreno").await["phone_numbers"][0])] });
    assert_eq!(zoom.refused("POST", &own, mine).await, (400, 300), "a user's number is nobody else's");
    let key = chosen["customize_numbers"][0]["customize_id"].as_str().expect("an id");
    zoom.done("DELETE", &format!("{own}?customize_ids={key}"), Value::Null).await;
    assert_eq!(zoom.told(&format!("{own}?selected=true")).await["total_records"], 0);
    assert_eq!(
        zoom.get("/v2/phone/users/none/outbound_caller_id/customized_numbers").await.0,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test(start_paused = true)]
async fn directories_know_who_is_in_them() {
    let zoom = Zoom::start().await;
    let site = zoom.told("/phone/sites").await["sites"][1].clone();
    let directory = "/phone/dial_by_name_directory/extensions";
    let path = format!("{directory}?site_id={}", id(&site));
    let inside = zoom.told(&path).await["result"].clone();
    assert_eq!(inside.as_array().map(Vec::len), Some(5));
    let extension = inside[0]["extension_id"].as_str().expect("an id");
    zoom.done("DELETE", &format!("{path}&extension_ids={extension}"), Value::Null).await;
    assert_eq!(
        zoom.told(&format!("{path}&in_directory=false")).await["result"][0]["extension_id"],
        extension
    );
    let body = json!({ "site_id": site["id"], "extension_ids": [extension] });
    zoom.done("POST", directory, body).await;
    assert_eq!(zoom.told(&path).await["result"].as_array().map(Vec::len), Some(5));
    let of_site = format!("/phone/sites/{}/dial_by_name_directory/extensions", id(&site));
    assert_eq!(zoom.told(&of_site).await["result"], json!([]));
    zoom.done("POST", &of_site, json!({ "extension_ids": [extension] })).await;
    assert_eq!(zoom.told(&of_site).await["result"][0]["extension_id"], extension);

    let private = "/phone/private_directory/members";
    let queue = zoom.queue("Sales").await;
    let member = json!({ "extension_id": queue["extension_id"], "searchable_on_web_portal": "nobody" });
    zoom.done("POST", private, json!({ "members": [member] })).await;
    let row = zoom.told(private).await["private_directory_members"][0].clone();
    assert_eq!((&row["extension_type"], &row["extension_number"]), (&json!("call_queue"), &json!(801)));
    let path = format!("{private}/{}", queue["extension_id"].as_str().expect("an id"));
    zoom.done("PATCH", &path, json!({ "searchable_on_web_portal": "everybody" })).await;
    zoom.done("DELETE", &format!("/phone/call_queues/{}", id(&queue)), Value::Null).await;
    assert_eq!(zoom.told(private).await["total_records"], 0, "a deleted extension is in no directory");
    assert_eq!(zoom.refused("DELETE", &path, Value::Null).await, (404, 404));
}

#[tokio::test(start_paused = true)]
async fn live_zoom_refuses_missing_queues_and_sites_in_another_way() {
    let zoom = Zoom::with(Config { temper: Temper::Field, ..Config::default() }).await;
    for path in ["/phone/call_queues/none", "/phone/shared_line_groups/none", "/phone/sites/none"] {
        let (status, answer) = zoom.get(&format!("/v2{path}")).await;
        assert_eq!((status, &answer["code"]), (StatusCode::BAD_REQUEST, &json!(300)), "{path}");
        let path = format!("{path}?transfer_site_id=none");
        assert_eq!(zoom.refused("DELETE", &path, Value::Null).await, (400, 404), "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_list_and_item_of_the_account_is_as_declared() {
    let zoom = Zoom::start().await;
    for (list, rows, key) in [
        ("/phone/users", "users", "id"),
        ("/phone/sites", "sites", "id"),
        ("/phone/call_queues", "call_queues", "id"),
        ("/phone/auto_receptionists", "auto_receptionists", "id"),
        ("/phone/shared_line_groups", "shared_line_groups", "id"),
        ("/phone/common_areas", "common_areas", "id"),
        ("/phone/rooms", "rooms", "id"),
        ("/phone/numbers", "phone_numbers", "id"),
        ("/number_management/numbers", "numbers", "id"),
        ("/phone/external_contacts", "external_contacts", "external_contact_id"),
    ] {
        let page = zoom.told(list).await;
        for row in page[rows].as_array().expect("rows") {
            let item = zoom.told(&format!("{list}/{}", row[key].as_str().expect("an id"))).await;
            for (field, value) in row.as_object().expect("an object") {
                let told = &item[field];
                let scalar = !value.is_object() && !value.is_array();
                assert!(!scalar || told.is_null() || told == value, "{list}, {field}: {told} but {value}");
            }
        }
        let one = zoom.told(&format!("{list}?page_size=1")).await;
        assert_eq!(one[rows].as_array().map(Vec::len), Some(1), "{list}");
        assert_ne!(one["next_page_token"], "", "{list}");
    }
    zoom.told("/phone/calling_plans").await;
    zoom.told("/phone/plans").await;
    zoom.told("/number_management/plan?product=ZOOM_PHONE").await;
}

#[tokio::test(start_paused = true)]
async fn a_company_file_decides_who_there_is_and_how_they_answer() {
    let company = CompanyFile::parse(
        r#"
        name = "Corner Shop"
        free_numbers = 1
        site = [{ name = "Shop", timezone = "Europe/Berlin", receptionist = "Line" }]
        user = [{ name = "Ada Moreno", extension = 4001 }, { name = "Ben Okafor", email = "ben@shop.example" }]
        [[queue]]
        name = "Orders"
        people = ["Ada Moreno", "Ben Okafor"]
        ring_mode = "longest_idle"
        max_wait = 300
        overflow = "Line"
        hours = { days = ["monday", "saturday"], from = "10:00", to = "18:00" }
        [[receptionist]]
        name = "Line"
        menu = { 1 = "Orders" }
        holidays = [{ name = "Unity Day", date = "2026-10-03" }]
        "#,
    )
    .expect("a company");
    let zoom = Zoom::with(Config { company, ..Config::default() }).await;
    let users = zoom.told("/phone/users").await["users"].clone();
    let extensions: Vec<_> =
        users.as_array().expect("users").iter().map(|it| &it["extension_number"]).collect();
    assert_eq!(extensions, [4001, 1001]);
    assert_eq!(zoom.told("/phone/users/ben@shop.example").await["id"], users[1]["id"]);
    let queue = format!("/phone/call_queues/{}", id(&zoom.queue("Orders").await));
    assert_eq!(zoom.told(&queue).await["timezone"], "Europe/Berlin");
    let handling = zoom.told(&format!("{queue}/call_handling/settings?hour_type=business_hours")).await;
    let distribution = &handling["call_distribution_setting"];
    assert_eq!(
        (&distribution["ring_mode"], &distribution["max_wait_time"]),
        (&json!("longest_idle"), &json!(300))
    );
    let overflow = &handling["call_handling_setting"]["overflow_action_setting"]["forward_to_extension"];
    assert_eq!(overflow["extension_name"], "Line");
    let hours =
        zoom.told(&format!("{queue}/settings?setting_type=business_hours")).await["business_hours_settings"]
            .clone();
    let open: Vec<_> =
        hours["business_hours"].as_array().expect("days").iter().map(|day| &day["type"]).collect();
    assert_eq!(open, [0, 2, 0, 0, 0, 0, 2], "from Sunday on");
    let line = zoom.told("/phone/auto_receptionists").await["auto_receptionists"][0].clone();
    assert_eq!(line["holiday_hours"][0]["from"], "2026-10-02T22:00:00Z", "midnight in Berlin");
    assert_eq!(zoom.told("/phone/numbers?type=unassigned").await["total_records"], 1);
    // An account with one site has its caller ids at its own level.
    let account = "/phone/outbound_caller_id/customized_numbers";
    let number = zoom.told(account).await["customize_numbers"][0]["phone_number_id"].clone();
    zoom.done("POST", account, json!({ "phone_number_ids": [number] })).await;
    assert_eq!(zoom.told(&format!("{account}?selected=true")).await["total_records"], 1);
}
