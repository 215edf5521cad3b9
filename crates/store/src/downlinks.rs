//! Downlinks: the outbox towards trackers, and what became of what is in it.

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, BigInt, Binary, Integer, Jsonb, Nullable, Text, Timestamptz};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use domain::downlink::{Command, DownlinkState};
use domain::{DevEui, OrganisationId, TrackerId};

use crate::missing::{number, stored};
use crate::trackers::{column, eui};
use crate::{Connection, StoreError};

/// A downlink that is to go out.
#[derive(Debug, Clone)]
pub struct NewDownlink {
    pub organisation: OrganisationId,
    pub tracker: TrackerId,
    pub number: u32,
    pub integration: String,
    pub address: NetworkAddress,
    pub commands: Vec<Command>,
    pub f_port: u8,
    pub payload: Vec<u8>,
    pub expires_at: DateTime<Utc>,
}

/// A device as its network names it, where the DevEUI is not enough.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NetworkAddress {
    pub application: Option<String>,
    pub device: Option<String>,
}

/// One that is to be handed over.
#[derive(Debug, Clone)]
pub struct DueDownlink {
    pub organisation: OrganisationId,
    pub tracker: TrackerId,
    pub dev_eui: DevEui,
    pub number: u32,
    pub integration: String,
    /// The integration's, by its name.
    pub network: String,
    pub address: NetworkAddress,
    pub f_port: u8,
    pub payload: Vec<u8>,
    pub expires_at: DateTime<Utc>,
    /// Attempts so far.
    pub attempts: i32,
}

/// What came of an attempt to hand a downlink over.
#[derive(Debug, Clone)]
pub enum HandOver {
    /// The network speaks of it by that name.
    Taken { name: String },
    /// It did not work, and may later.
    Again { at: DateTime<Utc>, reason: String },
    /// It will never work.
    Refused { reason: String, paused_until: DateTime<Utc> },
}

/// What a network says of a downlink, by the names that it has for it.
#[derive(Debug, Clone)]
pub struct DownlinkAnswer {
    pub organisation: OrganisationId,
    pub integration: String,
    pub names: Vec<String>,
    pub state: DownlinkState,
    pub reason: Option<String>,
}

/// A downlink as it stands.
#[derive(Debug, Clone)]
pub struct Downlink {
    pub number: u32,
    pub integration: String,
    pub commands: Vec<Command>,
    pub state: DownlinkState,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub attempts: i32,
    pub handed_over_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    pub reason: Option<String>,
}

/// Ends the downlinks that `found` selects (`tracker_id`, `number`, the new `state`, its `reason`) at $1. What was
/// acknowledged is kept with the tracker, and after any other end nothing is planned for it until $2. What has ended has
/// ended, but for what the tracker itself says of it.
pub(crate) fn end_those(found: &str) -> String {
    format!(
        "with found as ({found}), ended as (
             update downlinks d set state = f.state, ended_at = $1, next_attempt_at = null,
                 reason = coalesce(f.reason, d.reason)
             from found f where d.tracker_id = f.tracker_id and d.number = f.number
                 and (d.ended_at is null or f.state in ('acknowledged', 'refused'))
             returning d.tracker_id, d.state, d.commands, d.created_at),
         told as (
             update spoken_trackers s set
                 acknowledged = greatest(s.acknowledged, (select max((c ->> 'last')::int)
                     from jsonb_array_elements(e.commands) c where c ->> 'kind' = 'acknowledge')),
                 acknowledged_at = case when e.commands @> '[{{\"kind\": \"acknowledge\"}}]' then $1
                     else s.acknowledged_at end,
                 clock = case when e.commands @> '[{{\"kind\": \"clock\"}}]'
                     and (s.clock ->> 'received_at')::timestamptz <= e.created_at then null else s.clock end
             from ended e where s.tracker_id = e.tracker_id and e.state = 'acknowledged'),
         paused as (
             update spoken_trackers s set paused_until = $2,
                 acknowledged = case when e.state = 'refused' then null else s.acknowledged end
             from ended e where s.tracker_id = e.tracker_id and e.state <> 'acknowledged')
         select t.organisation_id, t.dev_eui from ended e join trackers t on t.id = e.tracker_id"
    )
}

impl Connection {
    /// Refused by `downlinks_open` where one is on its way to the tracker.
    pub async fn add_downlink(
        &mut self,
        downlink: &NewDownlink,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let commands = serde_json::to_value(&downlink.commands);
        let commands = commands.map_err(|error| StoreError::unreadable("commands", error))?;
        sql_query(
            "insert into downlinks (tracker_id, number, organisation_id, integration_id, application, device, commands,
                 f_port, payload, state, created_at, expires_at, next_attempt_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'queued', $10, $11, $10)",
        )
        .bind::<Integer, _>(downlink.tracker.0)
        .bind::<Integer, _>(stored(downlink.number))
        .bind::<Integer, _>(downlink.organisation.0)
        .bind::<Text, _>(&downlink.integration)
        .bind::<Nullable<Text>, _>(downlink.address.application.as_deref())
        .bind::<Nullable<Text>, _>(downlink.address.device.as_deref())
        .bind::<Jsonb, _>(commands)
        .bind::<Integer, _>(i32::from(downlink.f_port))
        .bind::<Binary, _>(&downlink.payload)
        .bind::<Timestamptz, _>(now)
        .bind::<Timestamptz, _>(downlink.expires_at)
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }

    /// The one of an integration that is due first. It is the caller's until then: nobody else gets it before.
    pub async fn claim_due_downlink(
        &mut self,
        integration: &str,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Option<DueDownlink>, StoreError> {
        let rows: Vec<DueRow> = sql_query(
            "update downlinks d set next_attempt_at = $3
             from (select tracker_id, number from downlinks
                     where integration_id = $1 and next_attempt_at <= $2 and expires_at > $2
                     order by next_attempt_at limit 1 for update skip locked) due,
                 trackers t, integrations i
             where d.tracker_id = due.tracker_id and d.number = due.number and t.id = d.tracker_id
                 and i.id = d.integration_id
             returning d.organisation_id, d.tracker_id, t.dev_eui, d.number, d.integration_id, i.network, d.application,
                 d.device, d.f_port, d.payload, d.expires_at, d.attempts",
        )
        .bind::<Text, _>(integration)
        .bind::<Timestamptz, _>(now)
        .bind::<Timestamptz, _>(until)
        .load(&mut self.raw)
        .await?;
        rows.into_iter().next().map(DueRow::downlink).transpose()
    }

    /// Of one that has ended meanwhile nothing is noted.
    pub async fn note_hand_over(
        &mut self,
        (tracker, number): (TrackerId, u32),
        outcome: &HandOver,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let (tracker, number) = (tracker.0, stored(number));
        match outcome {
            HandOver::Taken { name } => {
                sql_query(
                    "update downlinks set state = 'handed_over', attempts = attempts + 1, next_attempt_at = null,
                         handed_over_at = $3, network_name = $4, reason = null
                     where tracker_id = $1 and number = $2 and ended_at is null",
                )
                .bind::<Integer, _>(tracker)
                .bind::<Integer, _>(number)
                .bind::<Timestamptz, _>(now)
                .bind::<Text, _>(name)
                .execute(&mut self.raw)
                .await?;
            }
            HandOver::Again { at, reason } => {
                sql_query(
                    "update downlinks set attempts = attempts + 1, next_attempt_at = $3, reason = $4
                     where tracker_id = $1 and number = $2 and ended_at is null",
                )
                .bind::<Integer, _>(tracker)
                .bind::<Integer, _>(number)
                .bind::<Timestamptz, _>(*at)
                .bind::<Text, _>(reason)
                .execute(&mut self.raw)
                .await?;
            }
            HandOver::Refused { reason, paused_until } => {
                let found =
                    "select $3::int as tracker_id, $4::int as number, 'failed' as state, $5::text as reason";
                sql_query(end_those(found))
                    .bind::<Timestamptz, _>(now)
                    .bind::<Timestamptz, _>(*paused_until)
                    .bind::<Integer, _>(tracker)
                    .bind::<Integer, _>(number)
                    .bind::<Text, _>(reason)
                    .execute(&mut self.raw)
                    .await?;
            }
        }
        Ok(())
    }

    /// Takes in what networks say; returns whose downlinks have ended by it. What they say of others is nothing.
    pub async fn answer_downlinks(
        &mut self,
        answers: &[DownlinkAnswer],
        paused_until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Vec<(OrganisationId, DevEui)>, StoreError> {
        let named: Vec<(&DownlinkAnswer, &String)> =
            answers.iter().flat_map(|answer| answer.names.iter().map(move |name| (answer, name))).collect();
        if named.is_empty() {
            return Ok(Vec::new());
        }
        // Of two answers about one, such as after a repetition, the better one.
        let found = "select distinct on (d.tracker_id, d.number) d.tracker_id, d.number, n.state, n.reason
             from unnest($3::int[], $4::text[], $5::text[], $6::text[], $7::text[])
                 as n (organisation_id, integration_id, name, state, reason)
             join downlinks d on d.integration_id = n.integration_id and d.network_name = n.name
                 and d.state = 'handed_over' and d.organisation_id = n.organisation_id
             order by d.tracker_id, d.number, n.state = 'acknowledged' desc";
        let rows: Vec<EndedRow> = sql_query(end_those(found))
            .bind::<Timestamptz, _>(now)
            .bind::<Timestamptz, _>(paused_until)
            .bind::<Array<Integer>, _>(column(&named, |(answer, _)| answer.organisation.0))
            .bind::<Array<Text>, _>(column(&named, |(answer, _)| answer.integration.as_str()))
            .bind::<Array<Text>, _>(column(&named, |(_, name)| name.as_str()))
            .bind::<Array<Text>, _>(column(&named, |(answer, _)| answer.state.as_str()))
            .bind::<Array<Nullable<Text>>, _>(column(&named, |(answer, _)| answer.reason.as_deref()))
            .load(&mut self.raw)
            .await?;
        Ok(rows.into_iter().map(EndedRow::whose).collect())
    }

    /// Gives up those that nobody answered in time; returns whose they were.
    pub async fn expire_downlinks(
        &mut self,
        paused_until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Vec<(OrganisationId, DevEui)>, StoreError> {
        let found = "select tracker_id, number, 'expired' as state, null::text as reason from downlinks
             where ended_at is null and expires_at <= $1 for update skip locked";
        let rows: Vec<EndedRow> = sql_query(end_those(found))
            .bind::<Timestamptz, _>(now)
            .bind::<Timestamptz, _>(paused_until)
            .load(&mut self.raw)
            .await?;
        Ok(rows.into_iter().map(EndedRow::whose).collect())
    }

    /// Those to a tracker, the latest first.
    pub async fn downlinks(
        &mut self,
        organisation: OrganisationId,
        tracker: TrackerId,
        before: Option<u32>,
        limit: i64,
    ) -> Result<Vec<Downlink>, StoreError> {
        let rows: Vec<DownlinkRow> = sql_query(
            "select number, integration_id, commands, state, created_at, expires_at, attempts, handed_over_at, ended_at,
                 reason
             from downlinks where organisation_id = $1 and tracker_id = $2 and ($3 is null or number < $3)
             order by number desc limit $4",
        )
        .bind::<Integer, _>(organisation.0)
        .bind::<Integer, _>(tracker.0)
        .bind::<Nullable<Integer>, _>(before.map(stored))
        .bind::<BigInt, _>(limit)
        .load(&mut self.raw)
        .await?;
        rows.into_iter().map(DownlinkRow::downlink).collect()
    }
}

#[derive(QueryableByName)]
pub(crate) struct EndedRow {
    #[diesel(sql_type = Integer)]
    organisation_id: i32,
    #[diesel(sql_type = BigInt)]
    dev_eui: i64,
}

impl EndedRow {
    pub(crate) fn whose(self) -> (OrganisationId, DevEui) {
        (OrganisationId(self.organisation_id), eui(self.dev_eui))
    }
}

#[derive(QueryableByName)]
struct DueRow {
    #[diesel(sql_type = Integer)]
    organisation_id: i32,
    #[diesel(sql_type = Integer)]
    tracker_id: i32,
    #[diesel(sql_type = BigInt)]
    dev_eui: i64,
    #[diesel(sql_type = Integer)]
    number: i32,
    #[diesel(sql_type = Text)]
    integration_id: String,
    #[diesel(sql_type = Text)]
    network: String,
    #[diesel(sql_type = Nullable<Text>)]
    application: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    device: Option<String>,
    #[diesel(sql_type = Integer)]
    f_port: i32,
    #[diesel(sql_type = Binary)]
    payload: Vec<u8>,
    #[diesel(sql_type = Timestamptz)]
    expires_at: DateTime<Utc>,
    #[diesel(sql_type = Integer)]
    attempts: i32,
}

impl DueRow {
    fn downlink(self) -> Result<DueDownlink, StoreError> {
        Ok(DueDownlink {
            organisation: OrganisationId(self.organisation_id),
            tracker: TrackerId(self.tracker_id),
            dev_eui: eui(self.dev_eui),
            number: number(self.number)?,
            integration: self.integration_id,
            network: self.network,
            address: NetworkAddress { application: self.application, device: self.device },
            f_port: u8::try_from(self.f_port).map_err(|error| StoreError::unreadable("port", error))?,
            payload: self.payload,
            expires_at: self.expires_at,
            attempts: self.attempts,
        })
    }
}

#[derive(QueryableByName)]
struct DownlinkRow {
    #[diesel(sql_type = Integer)]
    number: i32,
    #[diesel(sql_type = Text)]
    integration_id: String,
    #[diesel(sql_type = Jsonb)]
    commands: serde_json::Value,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    expires_at: DateTime<Utc>,
    #[diesel(sql_type = Integer)]
    attempts: i32,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    handed_over_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    ended_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Text>)]
    reason: Option<String>,
}

impl DownlinkRow {
    fn downlink(self) -> Result<Downlink, StoreError> {
        let commands = serde_json::from_value(self.commands);
        Ok(Downlink {
            number: number(self.number)?,
            integration: self.integration_id,
            commands: commands.map_err(|error| StoreError::unreadable("commands", error))?,
            state: self.state.parse().map_err(|error| StoreError::unreadable("state", error))?,
            created_at: self.created_at,
            expires_at: self.expires_at,
            attempts: self.attempts,
            handed_over_at: self.handed_over_at,
            ended_at: self.ended_at,
            reason: self.reason,
        })
    }
}
