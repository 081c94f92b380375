// What the form of an operation does not tell: which ids belong together, and what must be there before.

/** Who shares a voicemail: the address that tells, and where in its answer. */
const sharing = (address, ...names) => async ({ path, query, body }, walk) => {
  const told = await walk.emulator.read(address(path));
  const id = names.reduce((value, name) => value?.[name], told)?.[0]?.shared_id;
  if (query.shared_ids) query.shared_ids = [id];
  for (const member of Object.values(body ?? {}).flat()) member.shared_id = id;
};
const ofReceptionist = sharing((path) => `/phone/auto_receptionists/${path.autoReceptionistId}/policies`, "voicemail_access_members");
const ofQueue = sharing((path) => `/phone/call_queues/${path.callQueueId}`, "policy", "voicemail_access_members");
const ofLines = sharing((path) => `/phone/shared_line_groups/${path.sharedLineGroupId}`, "policy", "voicemail_access_members");
const ofUser = sharing((path) => `/phone/users/${path.userId}/settings`, "voice_mail");

/** A number of a queue, a receptionist or a shared line group: only those may be shown to people who are called. */
const callerId = async ({ body }, walk) => {
  const numbers = await walk.rows("/phone/numbers?type=assigned&page_size=100");
  body.phone_number_ids = [numbers.find((it) => ["autoReceptionist", "callQueue"].includes(it.assignee?.type))?.id];
};

const template = async ({ path }, walk) => {
  const templates = await walk.rows("/phone/setting_templates?page_size=100");
  const fitting = templates.find((it) => it.type === "commonArea") ?? (await walk.make("addSettingTemplate", ({ body }) => (body.type = "commonArea")));
  path.templateId = fitting?.id ?? fitting?.template_id;
};

/** The first holiday in the settings that an address tells; one is made when there is none. */
const holiday = (address, maker) => async ({ path, query }, walk) => {
  const find = async () => {
    const [found] = (await walk.emulator.read(address(path)))?.holiday_hours ?? [];
    return found?.holiday_id ?? found?.holiday_hour_id ?? found?.id;
  };
  query.holiday_hour_id = (await find()) ?? (await walk.make(maker), await find());
};

/** A further number for the calls of the user in the path. */
async function forwardingOfUser(path, walk) {
  const made = await walk.make("addUserCallForwardSetting", (request) => Object.assign(request.path, path));
  return made?.call_forward_settings[0].call_forward_id;
}

const withPicture = ({ body }) => delete body.extension_number;

/** Changes to the request of an operation, by its id. `walk` reads lists, and makes what is missing. */
export const MEANINGS = {
  AddPolicy: ({ body }) => delete body.voicemail_access_members,
  ApplyTemplatetoCommonAreas: template,
  DeleteAccountLevelInboundBlockRules: async ({ query }, walk) => {
    query.blocked_rule_id = (await walk.ids("/phone/inbound_blocked/rules", "id"))[0];
  },
  DeleteAccountLevelInboundBlockedStatistics: async ({ query }, walk) => {
    await walk.make("AddExtensiontLevelInboundBlockRules");
    query.blocked_statistic_id = await walk.reference("/phone/inbound_blocked/extension_rules/statistics", "id");
  },
  DeleteExtensiontLevelInboundBlockRules: async ({ path, query }, walk) => {
    query.blocked_rule_id = (await walk.ids(`/phone/extension/${path.extensionId}/inbound_blocked/rules`, "id"))[0];
  },
  AddBYOCPhoneNumber: ({ body }) => (body.phone_numbers = ["+16465559871"]),
  DeletePolicy: ofReceptionist,
  Downloadfaxfile: async ({ path }, walk) => {
    path.fileId = (await walk.emulator.read(`/phone/fax/logs/${path.faxLogId}`))?.[0]?.file_id ?? "unknown";
  },
  MarkPhoneNumberAsBlockedForAllExtensions: async ({ body }, walk) => {
    await walk.make("AddExtensiontLevelInboundBlockRules");
    body.blocked_statistic_id = await walk.reference("/phone/inbound_blocked/extension_rules/statistics", "id");
  },
  SendEFax: async ({ body }, walk) => {
    body.file_id = (await walk.make("UploadFaxFiles"))?.file_id;
    body.sender_number = (await walk.rows("/phone/users")).find((it) => it.phone_numbers?.length)?.phone_numbers[0].number;
  },
  UpdateFaxLogReadStatus: ({ query }) => (query.read_status = "read"),
  addBYOCNumber: ({ body }) => (body.phone_numbers = ["+16465559870"]),
  addCommonArea: ({ body }) => delete body.template_id,
  addExternalContact: withPicture,
  addSiteOutboundCallerNumbers: callerId,
  addUserOutboundCallerNumbers: callerId,
  addUserSetting: ({ body }) => delete body.voice_mail,
  deleteCallLog: async ({ path }, walk) => {
    // Not everybody has been on the phone, and what was deleted before is gone.
    for (const { id: userId } of await walk.rows("/phone/users?page_size=100")) {
      const [log] = await walk.rows(`/phone/users/${userId}/call_logs`);
      if (log) return Object.assign(path, { userId, callLogId: log.id });
    }
  },
  addZoomRoom: async ({ body }, walk) => {
    body.id = await walk.reference("/phone/rooms/unassigned", "id");
  },
  batchAddUsers: ({ body }) => {
    for (const user of body.users) for (const name of ["desk_phones", "template_name", "site_code"]) delete user[name];
  },
  deleteAutoReceptionistSetting: holiday((path) => `/phone/auto_receptionists/${path.autoReceptionistId}/settings?setting_type=holiday_hours`, "addAutoReceptionistSetting"),
  deleteCallQueueSetting: holiday((path) => `/phone/call_queues/${path.callQueueId}/settings?setting_type=holiday_hours`, "addCallQueueSetting"),
  deleteCallHandling: async ({ query }, walk) => {
    query.call_forwarding_id = (await forwarding(walk))?.call_forwarding_id;
  },
  deleteCommonAreaSetting: async ({ path, query }, walk) => {
    await walk.make("AddCommonAreaSetting", (request) => Object.assign(request.path, path));
    const told = await walk.emulator.read(`/phone/common_areas/${path.commonAreaId}/settings?setting_type=desk_phone`);
    query.device_id = told?.desk_phones?.[0]?.id;
  },
  deleteSharedLineGroupSetting: holiday((path) => `/phone/shared_line_groups/${path.sharedLineGroupId}/settings?setting_type=holiday_hours`, "addSharedLineGroupSetting"),
  deleteSiteSetting: async ({ path, query }, walk) => {
    const told = await walk.emulator.read(`/phone/sites/${path.siteId}/settings/holiday_hours`);
    query.holiday_id = told?.holiday_hours?.holidays[0]?.holiday_id;
  },
  deleteUserCallForwardSetting: async ({ path, query }, walk) => {
    query.call_forward_id = await forwardingOfUser(path, walk);
  },
  deleteUserProfileSetting: holiday((path) => `/phone/users/${path.userId}/settings`, "addUserProfileSetting"),
  getCallHistoryDetail: async ({ path }, walk) => {
    path.callHistoryId = (await walk.ids("/phone/call_element", "id"))[0];
  },
  getPhoneRecordingByCallElementId: async ({ path }, walk) => {
    for (const name of Object.keys(path)) path[name] = await walk.reference("/phone/recordings", "call_element_id");
  },
  getPhoneRecordingsByCallIdOrCallLogId: async ({ path }, walk) => {
    path.id = await walk.reference("/phone/recordings", "call_log_id");
  },
  getUserAICallSummary: async ({ path }, walk) => {
    const { calls } = await walk.emulator.control("GET", "/ledger");
    const told = calls.flatMap((it) => it.ai_call_summary_ids);
    path.aiCallSummaryId = told[0] ?? "unknown";
  },
  getVoicemailDetailsByCallIdOrCallLogId: async ({ path }, walk) => {
    const voicemail = await ofAUser(walk);
    Object.assign(path, { userId: voicemail?.owner.id, id: voicemail?.call_log_id });
  },
  getVoicemailDetailsByCallElementId: async ({ path }, walk) => {
    const voicemail = await ofAUser(walk);
    for (const name of Object.keys(path)) path[name] = name === "userId" ? voicemail?.owner.id : voicemail?.call_element_id;
  },
  phoneDownloadRecordingTranscript: async ({ path }, walk) => {
    const recordings = await walk.rows("/phone/recordings?page_size=100");
    path.recordingId = recordings.find((it) => it.transcript_download_url)?.id;
  },
  postSmsMessage: async ({ body }, walk) => {
    const user = (await walk.rows("/phone/users")).find((it) => it.phone_numbers?.length);
    body.sender = { user_id: user?.id, phone_number: user?.phone_numbers[0].number };
    body.to_members = [{ phone_number: "+15552230987" }];
    delete body.session_id;
  },
  removeCQPolicySubSetting: ofQueue,
  removeSLGPolicySubSetting: ofLines,
  updateASharedLineGroup: async ({ path, body }, walk) => {
    const group = await walk.emulator.read(`/phone/shared_line_groups/${path.sharedLineGroupId}`);
    body.primary_number = group?.phone_numbers?.[0]?.number ?? "";
  },
  updateAutoReceptionistIVR: ({ body }) => {
    Object.assign(body.caller_enters_no_action, { action: 2 });
    Object.assign(body.key_action, { action: 2, key: "1" });
  },
  updateCQPolicySubSetting: ofQueue,
  updateCallHandling: async ({ body }, walk) => {
    const { call_forwarding_id: id } = (await forwarding(walk)) ?? {};
    body.settings.call_forwarding_settings = [{ id, description: "At home", enable: true, phone_number: "+15552230988" }];
  },
  updateExternalContact: withPicture,
  updatePolicy: async (request, walk) => {
    delete request.body.voicemail_access_member;
    await ofReceptionist(request, walk);
  },
  updateSLGPolicySubSetting: ofLines,
  updateUserCallHandlingSetting: async ({ path, body }, walk) => {
    body.call_forward_settings = [{ call_forward_id: await forwardingOfUser(path, walk), enable: true }];
    // Nobody is their own operator.
    delete body.call_handling_setting;
  },
  updateUserSetting: async (request, walk) => {
    const { body } = request;
    for (const name of Object.keys(body)) if (name !== "voicemail_access_members") delete body[name];
    await ofUser(request, walk);
  },
  updatePhoneNumberDetails: ({ body }) => delete body.sip_group_id,
  updateUserSettings: ({ body }) => {
    for (const name of ["shared_lines_call_setting", "break_hours", "holiday_hours"]) delete body[name];
  },
};

async function ofAUser(walk) {
  return (await walk.rows("/phone/voice_mails?page_size=100")).find((it) => it.owner.type === "user");
}

/** A new number to which the extension's calls go, too. */
function forwarding(walk) {
  return walk.make("addCallHandling", ({ body }) => {
    Object.assign(body, { sub_setting_type: "call_forwarding", settings: { description: "At home", phone_number: "+15552230987" } });
  });
}
