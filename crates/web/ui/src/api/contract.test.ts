/** The page's types say what the service sends: no field more, none less, null and absent where it says so. */
import ts from "typescript";
import { expect, test } from "vitest";
import { auditFields, enumWords, structShape, type Shape } from "./rust";

const sources = import.meta.glob<string>("./types/*.ts", { query: "?raw", import: "default", eager: true });
const declared = new Map<string, ts.InterfaceDeclaration | ts.TypeAliasDeclaration>();
for (const [name, text] of Object.entries(sources)) {
  for (const statement of ts.createSourceFile(name, text, ts.ScriptTarget.Latest).statements) {
    if (ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)) {
      declared.set(statement.name.text, statement);
    }
  }
}

const API = "tracking/src/api";
const ASSESSMENT = "domain/src/evaluate/assessment.rs";
const ALLOWANCE = "domain/src/allowance/statement.rs";
const STRUCTS: [string, string, string][] = [
  ["User", `${API}/login.rs`, "UserView"],
  ["LogIn", `${API}/login.rs`, "LoginAnswer"],
  ["Page", `${API}/page.rs`, "Page"],
  ["Status", `${API}/status.rs`, "Status"],
  ["Notifications", `${API}/status.rs`, "Notifications"],
  ["Shipment", `${API}/shipments.rs`, "Shipment"],
  ["ShipmentProfile", `${API}/shipments.rs`, "ShipmentProfile"],
  ["Range", `${API}/shipments.rs`, "RangeView"],
  ["LastReading", `${API}/shipments.rs`, "LastReading"],
  ["Ride", `${API}/shipments.rs`, "RidingTracker"],
  ["Halt", `${API}/shipments.rs`, "HaltView"],
  ["LastRide", `${API}/trackers.rs`, "LastRide"],
  ["Box", `${API}/boxes.rs`, "PackedBoxView"],
  ["Content", `${API}/boxes.rs`, "ContentView"],
  ["NewBox", `${API}/boxes.rs`, "BoxRequest"],
  ["NewContent", `${API}/boxes.rs`, "ContentRequest"],
  ["NewShipment", `${API}/shipments.rs`, "ShipmentRequest"],
  ["MadeShipment", `${API}/shipments.rs`, "Made"],
  ["BoundShipment", `${API}/rides.rs`, "Bound"],
  ["Disposition", `${API}/dispositions.rs`, "DispositionView"],
  ["NewDisposition", `${API}/dispositions.rs`, "DispositionRequest"],
  ["Decided", `${API}/dispositions.rs`, "Decided"],
  ["Custody", `${API}/custody.rs`, "CustodyView"],
  ["BoxCustody", `${API}/custody.rs`, "BoxView"],
  ["Holding", `${API}/custody.rs`, "HoldingView"],
  ["OrganisationRef", `${API}/custody.rs`, "OrganisationRef"],
  ["Conflict", `${API}/custody.rs`, "ConflictView"],
  ["Entry", `${API}/custody.rs`, "EntryView"],
  ["Actor", `${API}/custody.rs`, "ActorView"],
  ["Addressee", `${API}/custody.rs`, "AddresseeView"],
  ["BoxException", `${API}/custody.rs`, "ExceptionView"],
  ["Seal", `${API}/custody.rs`, "SealView"],
  ["EntryPlace", `${API}/custody.rs`, "WhereaboutsView"],
  ["LedgerHead", `${API}/custody.rs`, "HeadView"],
  ["Handover", `${API}/handovers.rs`, "Handover"],
  ["CodedBox", `${API}/handovers.rs`, "CodedBox"],
  ["InParent", `${API}/handovers.rs`, "InParent"],
  ["OpenOffer", `${API}/handovers.rs`, "OpenOffer"],
  ["HeldBoxes", `${API}/handovers.rs`, "HeldBoxes"],
  ["NextStop", `${API}/handovers.rs`, "NextStop"],
  ["Leaving", `${API}/unattended.rs`, "LeavingView"],
  ["KeptPhoto", `${API}/photos.rs`, "PhotoView"],
  ["MadeCode", `${API}/codes.rs`, "CodeView"],
  ["LinkedOffer", `${API}/sign.rs`, "LinkedOffer"],
  ["Party", `${API}/sign.rs`, "PartyView"],
  ["LinkedAnswer", `${API}/sign.rs`, "LinkedAnswer"],
  ["Written", `${API}/entries.rs`, "WrittenView"],
  ["Coverage", `${API}/shipments.rs`, "Coverage"],
  ["Reading", `${API}/series.rs`, "ReadingView"],
  ["ShipmentAssessment", `${API}/series.rs`, "AssessmentView"],
  ["TrackerAssessment", `${API}/series.rs`, "TrackerAssessment"],
  ["SpanAssessment", ASSESSMENT, "Assessment"],
  ["PastAssessment", `${API}/history.rs`, "PastAssessmentView"],
  ["Span", `${API}/series.rs`, "Gap"],
  ["Episode", ASSESSMENT, "Episode"],
  ["ExposureTotal", ASSESSMENT, "ExposureTotal"],
  ["MktWindow", ASSESSMENT, "MktWindow"],
  ["AllowanceStatement", ALLOWANCE, "Statement"],
  ["AllowanceLine", ALLOWANCE, "AllowanceLine"],
  ["NeverAllowedLine", ALLOWANCE, "NeverAllowedLine"],
  ["CyclesLine", ALLOWANCE, "CyclesLine"],
  ["Alert", `${API}/alerts.rs`, "Alert"],
  ["Runbook", `${API}/runbooks.rs`, "RunbookText"],
  ["KindRunbook", `${API}/runbooks.rs`, "KindRunbook"],
  ["OnCall", `${API}/on_call.rs`, "OnCall"],
  ["OnCallStep", `${API}/on_call.rs`, "OnCallStepView"],
  ["NewOnCall", `${API}/on_call.rs`, "OnCallRequest"],
  ["NewOnCallStep", `${API}/on_call.rs`, "OnCallStepRequest"],
  ["Attempt", `${API}/on_call.rs`, "AttemptView"],
  ["AlertChangeOf", `${API}/history.rs`, "AlertChange"],
  ["MissingReadings", `${API}/alerts.rs`, "MissingReadings"],
  ["AffectedTracker", `${API}/alerts.rs`, "AffectedTracker"],
  ["Tracker", `${API}/trackers.rs`, "Tracker"],
  ["NewTracker", `${API}/trackers.rs`, "NewTracker"],
  ["UnknownTracker", `${API}/trackers.rs`, "Unknown"],
  ["KnownGateway", `${API}/gateways.rs`, "Gateway"],
  ["Vehicle", `${API}/gateways.rs`, "Vehicle"],
  ["NewGateway", `${API}/gateways.rs`, "GatewayRequest"],
  ["Uplink", `${API}/trackers.rs`, "Uplink"],
  ["SetAside", `${API}/trackers.rs`, "SetAside"],
  ["Gateway", "networks/src/decode.rs", "GatewayView"],
  ["Location", "networks/src/event.rs", "Location"],
  ["Place", `${API}/places.rs`, "Place"],
  ["NewPlace", `${API}/places.rs`, "PlaceRequest"],
  ["OrganisationName", `${API}/places.rs`, "OrganisationName"],
  ["Organisation", `${API}/organisations.rs`, "Organisation"],
  ["NewOrganisation", `${API}/organisations.rs`, "OrganisationRequest"],
  ["Product", `${API}/products.rs`, "ProductView"],
  ["NewProducts", `${API}/products.rs`, "ProductsRequest"],
  ["NewProduct", `${API}/products.rs`, "ProductRequest"],
  ["ApiKey", `${API}/api_keys.rs`, "ApiKeyView"],
  ["MadeApiKey", `${API}/api_keys.rs`, "MadeApiKey"],
  ["NewApiKey", `${API}/api_keys.rs`, "ApiKeyRequest"],
  ["Person", `${API}/users.rs`, "Person"],
  ["NewPerson", `${API}/users.rs`, "UserRequest"],
  ["Validity", `${API}/validity.rs`, "ValidityView"],
  ["NewEnd", `${API}/validity.rs`, "EndRequest"],
  ["Contract", `${API}/contracts.rs`, "Contract"],
  ["NewContract", `${API}/contracts.rs`, "ContractRequest"],
  ["Badge", `${API}/badges.rs`, "Badge"],
  ["NewBadge", `${API}/badges.rs`, "BadgeRequest"],
  ["Training", `${API}/trainings.rs`, "Training"],
  ["NewTraining", `${API}/trainings.rs`, "TrainingRequest"],
  ["Recall", `${API}/recalls.rs`, "RecallView"],
  ["RecallWithShipments", `${API}/recalls.rs`, "RecallWithShipments"],
  ["RecalledShipment", `${API}/recalls.rs`, "RecalledView"],
  ["NewRecall", `${API}/recalls.rs`, "RecallRequest"],
  ["Parent", `${API}/parents.rs`, "ParentView"],
  ["FilledParent", `${API}/parents.rs`, "FilledParent"],
  ["ParentStay", `${API}/parents.rs`, "ParentStayView"],
  ["NewParent", `${API}/parents.rs`, "ParentRequest"],
  ["NewFill", `${API}/parents.rs`, "FillRequest"],
  ["NewEmptying", `${API}/parents.rs`, "EmptyRequest"],
  ["PlaceName", `${API}/lanes.rs`, "PlaceName"],
  ["Lane", `${API}/lanes.rs`, "Lane"],
  ["NewLane", `${API}/lanes.rs`, "LaneRequest"],
  ["LaneName", `${API}/plans.rs`, "LaneName"],
  ["Leg", `${API}/plans.rs`, "Leg"],
  ["Plan", `${API}/plans.rs`, "Plan"],
  ["NewPlan", `${API}/plans.rs`, "PlanRequest"],
  ["NewLeg", `${API}/plans.rs`, "LegRequest"],
  ["Position", `${API}/whereabouts.rs`, "PositionView"],
  ["Stay", `${API}/whereabouts.rs`, "StayView"],
  ["Visit", `${API}/whereabouts.rs`, "Visit"],
  ["Stood", `${API}/whereabouts.rs`, "Stood"],
  ["ExpectedArrival", `${API}/whereabouts.rs`, "ExpectedArrival"],
  ["LegProgress", `${API}/whereabouts.rs`, "LegView"],
  ["Whereabouts", `${API}/whereabouts.rs`, "Whereabouts"],
  ["Profile", `${API}/profiles.rs`, "ProfileView"],
  ["Approval", `${API}/profiles.rs`, "ApprovalView"],
  ["NewApproval", `${API}/profiles.rs`, "ApprovalRequest"],
  ["ProfileDefinition", "domain/src/profile.rs", "Draft"],
  ["ProfileRange", "domain/src/profile.rs", "Range"],
  ["Alarm", "domain/src/profile/written_alarm.rs", "AlarmDraft"],
  ["CoverageRule", "domain/src/profile/coverage.rs", "CoverageDraft"],
  ["Allowance", "domain/src/profile/allowance.rs", "AllowanceDraft"],
  ["FreezeThaw", "domain/src/profile/freeze_thaw.rs", "FreezeThawDraft"],
  ["MktRule", "domain/src/profile/mkt.rs", "MktRule"],
  ["UnreadableBody", `${API}/intake.rs`, "UnreadableBody"],
  ["DeadLetter", `${API}/intake.rs`, "DeadLetter"],
  ["Replayed", `${API}/intake.rs`, "Replayed"],
];

const ALERTING = "tracking/src/alerting.rs";
const DETAILS: [string, string, string][] = [
  ["RaisedDetail", ALERTING, "alert.raised"],
  ["AmendedDetail", ALERTING, "alert.amended"],
  ["UpdatedDetail", ALERTING, "alert.updated"],
  ["MergedDetail", ALERTING, "alert.merged"],
  ["WithdrawnDetail", ALERTING, "alert.withdrawn"],
  ["EndedDetail", ALERTING, "alert.closed"],
  ["EndedDetail", `${API}/alerts.rs`, "alert.acknowledged"],
];

test.each(STRUCTS)("%s is %s's %s", (name, where, struct) => {
  expect(interfaceShape(name)).toEqual(structShape(where, struct));
});

test.each(DETAILS)("%s is what %s writes to the audit trail as %s", (name, where, action) => {
  expect(Object.keys(interfaceShape(name)).sort()).toEqual(auditFields(where, action).sort());
});

test("every entry that an alert can have has its detail", () => {
  const details = declared.get("AlertDetails");
  if (!details || !ts.isTypeAliasDeclaration(details) || !ts.isTypeLiteralNode(details.type)) {
    throw new Error("types/ declares no AlertDetails");
  }
  const actions = details.type.members.map((member) => (member.name as ts.StringLiteral).text);
  expect(actions).toEqual(DETAILS.map(([, , action]) => action));
});

test.each([
  ["Role", "domain/src/access.rs", "Role"],
  ["Permission", "domain/src/access.rs", "Permission"],
  ["ShipmentStatus", "domain/src/shipment.rs", "ShipmentStatus"],
  ["HoldReason", "domain/src/shipment.rs", "HoldReason"],
  ["Decision", "domain/src/shipment/decision.rs", "Disposition"],
  ["Act", "domain/src/shipment.rs", "Act"],
  ["PoolState", "domain/src/pool.rs", "PoolState"],
  ["Cause", "domain/src/because.rs", "Cause"],
  ["Assessment", ASSESSMENT, "Verdict"],
  ["Act", "domain/src/shipment.rs", "Act"],
  ["AllowanceState", ALLOWANCE, "AllowanceState"],
  ["StorageClass", "domain/src/place.rs", "StorageClass"],
  ["OrganisationKind", "domain/src/qualification.rs", "OrganisationKind"],
  ["ParentKind", "domain/src/packing.rs", "ParentKind"],
  ["TrainingTopic", "domain/src/qualification.rs", "TrainingTopic"],
  ["Severity", "domain/src/alert.rs", "Severity"],
  ["AlertKind", "domain/src/alert.rs", "AlertKind"],
])("the words of %s are those of %s's %s", (name, where, declaredAs) => {
  expect(unionWords(name)).toEqual(enumWords(where, declaredAs));
});

test("no shape of the page is left unchecked", () => {
  const interfaces = [...declared]
    .filter(([, node]) => ts.isInterfaceDeclaration(node))
    .map(([name]) => name);
  const checked = new Set([...STRUCTS, ...DETAILS].map(([name]) => name));
  expect(interfaces.sort()).toEqual([...checked].sort());
});

function interfaceShape(name: string): Shape {
  const node = declared.get(name);
  if (!node || !ts.isInterfaceDeclaration(node)) throw new Error(`types/ declares no interface ${name}`);
  const parents = (node.heritageClauses ?? []).flatMap(({ types }) =>
    types.map((type) => interfaceShape((type.expression as ts.Identifier).text)),
  );
  const own: Shape = {};
  for (const member of node.members.filter(ts.isPropertySignature)) {
    const { type } = member;
    const nullable = !!type && ts.isUnionTypeNode(type) && type.types.some(isNull);
    own[(member.name as ts.Identifier).text] = { optional: !!member.questionToken, nullable };
  }
  return Object.assign({}, ...parents, own);
}

function isNull(node: ts.TypeNode): boolean {
  return ts.isLiteralTypeNode(node) && node.literal.kind === ts.SyntaxKind.NullKeyword;
}

function unionWords(name: string): string[] {
  const node = declared.get(name);
  if (!node || !ts.isTypeAliasDeclaration(node) || !ts.isUnionTypeNode(node.type)) {
    throw new Error(`types/ declares no union ${name}`);
  }
  return node.type.types.map((type) => ((type as ts.LiteralTypeNode).literal as ts.StringLiteral).text);
}
