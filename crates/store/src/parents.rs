//! Parents: pallets, roll cages and manifests, and the boxes that they hold for intervals of time.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::access::Sight;
use domain::gs1::Sscc;
use domain::packing::ParentKind;
use domain::{OrganisationId, ParentId, ShipmentId, UserId};
use uuid::Uuid;

use crate::boxes::{number_column, parsed};
use crate::sight::{sees_box, viewer};
use crate::trackers::column;
use crate::{Connection, StoreError};

#[derive(Debug, Clone)]
pub struct NewParent {
    pub organisation: OrganisationId,
    pub kind: ParentKind,
    pub sscc: Option<Sscc>,
    pub reference: Option<String>,
    pub created_by: UserId,
}

#[derive(Debug, Clone)]
pub struct Parent {
    pub id: ParentId,
    pub kind: ParentKind,
    pub sscc: Option<Sscc>,
    pub reference: Option<String>,
    pub created_at: DateTime<Utc>,
}

/// Which parents a list shows, newest first.
#[derive(Debug, Clone, Default)]
pub struct ParentFilter {
    pub sscc: Option<Sscc>,
    /// The whole of it.
    pub reference: Option<String>,
    pub before: Option<(DateTime<Utc>, ParentId)>,
}

/// A box's stay in a parent.
#[derive(Debug, Clone)]
pub struct ParentBox {
    pub shipment: ShipmentId,
    pub shipment_reference: String,
    pub number: u32,
    pub sscc: Option<Sscc>,
    pub from: DateTime<Utc>,
    pub until: Option<DateTime<Utc>>,
}

/// Whether a box is to be seen that is or was in the parent; to the tenant itself, an empty one is, too.
fn sees_parent(sight: Sight, viewer: &str) -> String {
    let seen = sees_box(sight, ("pb.shipment_id", "pb.box_number"), viewer);
    format!(
        "({viewer} is null or exists (select from parent_boxes pb where pb.parent_id = parents.id and {seen}))"
    )
}

const PARENT: &str = "select id, kind, sscc, reference, created_at from parents";

impl Connection {
    /// Refused by `parents_organisation_id_sscc_key` or `parents_organisation_id_kind_reference_key` where there is one.
    pub async fn add_parent(
        &mut self,
        parent: &NewParent,
        now: DateTime<Utc>,
    ) -> Result<ParentId, StoreError> {
        let id = Uuid::now_v7();
        sql_query(
            "insert into parents (id, organisation_id, kind, sscc, reference, created_at, created_by)
             values ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind::<SqlUuid, _>(id)
        .bind::<Integer, _>(parent.organisation.0)
        .bind::<Text, _>(parent.kind.as_str())
        .bind::<Nullable<Text>, _>(parent.sscc.map(|sscc| sscc.to_string()))
        .bind::<Nullable<Text>, _>(parent.reference.as_deref())
        .bind::<Timestamptz, _>(now)
        .bind::<SqlUuid, _>(parent.created_by.0)
        .execute(&mut self.raw)
        .await?;
        Ok(ParentId(id))
    }

    pub async fn parent(&mut self, sight: Sight, id: ParentId) -> Result<Parent, StoreError> {
        let rows: Vec<ParentRow> = sql_query(format!(
            "{PARENT} where organisation_id = $1 and {} and id = $3",
            sees_parent(sight, "$2")
        ))
        .bind::<Integer, _>(sight.tenant.0)
        .bind::<Nullable<Integer>, _>(viewer(sight))
        .bind::<SqlUuid, _>(id.0)
        .load(&mut self.raw)
        .await?;
        rows.into_iter().next().ok_or(StoreError::NotFound)?.parent()
    }

    pub async fn parents(
        &mut self,
        sight: Sight,
        filter: &ParentFilter,
        limit: i64,
    ) -> Result<Vec<Parent>, StoreError> {
        let (before_at, before_id) = filter.before.map(|(at, id)| (at, id.0)).unzip();
        let seen = sees_parent(sight, "$2");
        let rows: Vec<ParentRow> = sql_query(format!(
            "{PARENT} where organisation_id = $1 and {seen}
                 and ($3 is null or sscc = $3) and ($4 is null or reference = $4)
                 and ($5 is null or (created_at, id) < ($5, $6))
             order by created_at desc, id desc limit $7"
        ))
        .bind::<Integer, _>(sight.tenant.0)
        .bind::<Nullable<Integer>, _>(viewer(sight))
        .bind::<Nullable<Text>, _>(filter.sscc.map(|sscc| sscc.to_string()))
        .bind::<Nullable<Text>, _>(filter.reference.as_deref())
        .bind::<Nullable<Timestamptz>, _>(before_at)
        .bind::<Nullable<SqlUuid>, _>(before_id)
        .bind::<BigInt, _>(limit)
        .load(&mut self.raw)
        .await?;
        rows.into_iter().map(ParentRow::parent).collect()
    }

    /// Every stay in the parent that is to be seen, the latest first.
    pub async fn stays_in_parent(
        &mut self,
        sight: Sight,
        parent: ParentId,
    ) -> Result<Vec<ParentBox>, StoreError> {
        let seen = sees_box(sight, ("p.shipment_id", "p.box_number"), "$3");
        let rows: Vec<StayRow> = sql_query(format!(
            "select p.shipment_id, s.reference, p.box_number, b.sscc, p.from_at, p.until_at
             from parent_boxes p join shipments s on s.id = p.shipment_id
             join boxes b on b.shipment_id = p.shipment_id and b.number = p.box_number
             where p.organisation_id = $1 and p.parent_id = $2 and {seen}
             order by p.from_at desc, s.reference, p.box_number"
        ))
        .bind::<Integer, _>(sight.tenant.0)
        .bind::<SqlUuid, _>(parent.0)
        .bind::<Nullable<Integer>, _>(viewer(sight))
        .load(&mut self.raw)
        .await?;
        rows.into_iter().map(StayRow::stay).collect()
    }

    /// The parents in which boxes of those shipments are at that instant, with the numbers of these boxes; whose shipments
    /// they are the caller knows.
    pub async fn parents_of(
        &mut self,
        shipments: &[ShipmentId],
        at: DateTime<Utc>,
    ) -> Result<Vec<(ShipmentId, Parent, Vec<u32>)>, StoreError> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = SqlUuid)]
            shipment_id: Uuid,
            #[diesel(sql_type = Array<Integer>)]
            numbers: Vec<i32>,
            #[diesel(embed)]
            parent: ParentRow,
        }
        let rows: Vec<Row> = sql_query(
            "select held.shipment_id, held.numbers, p.id, p.kind, p.sscc, p.reference, p.created_at
             from (select parent_id, shipment_id, array_agg(box_number order by box_number) as numbers
                   from parent_boxes
                   where shipment_id = any($1) and from_at <= $2 and (until_at is null or until_at > $2)
                   group by parent_id, shipment_id) held
             join parents p on p.id = held.parent_id order by p.id, held.shipment_id",
        )
        .bind::<Array<SqlUuid>, _>(column(shipments, |id| id.0))
        .bind::<Timestamptz, _>(at)
        .load(&mut self.raw)
        .await?;
        let one = |row: Row| {
            let numbers = row.numbers.into_iter().filter_map(|number| u32::try_from(number).ok()).collect();
            Ok((ShipmentId(row.shipment_id), row.parent.parent()?, numbers))
        };
        rows.into_iter().map(one).collect()
    }

    /// The boxes that were in the parent at that instant, by shipment and number.
    pub async fn boxes_in_parent(
        &mut self,
        organisation: OrganisationId,
        parent: ParentId,
        at: DateTime<Utc>,
    ) -> Result<Vec<(ShipmentId, u32)>, StoreError> {
        let stays = self.stays_in_parent(Sight::of(organisation, organisation), parent).await?;
        let there = stays.iter().filter(|stay| stay.from <= at && stay.until.is_none_or(|until| at < until));
        let mut boxes: Vec<_> = there.map(|stay| (stay.shipment, stay.number)).collect();
        boxes.sort_unstable();
        Ok(boxes)
    }

    /// Those of the shipment's boxes that are in some parent at any time of `[from, ∞)`. Locks the boxes against another
    /// parent until the transaction ends.
    pub async fn boxes_with_parent(
        &mut self,
        shipment: ShipmentId,
        numbers: &[u32],
        from: DateTime<Utc>,
    ) -> Result<Vec<u32>, StoreError> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Integer)]
            box_number: i32,
        }
        let numbers = column(numbers, |number| number_column(*number));
        // By itself: the statement after it then sees what was committed while this one waited.
        sql_query(
            "select from boxes where shipment_id = $1 and number = any($2) order by number for no key update",
        )
        .bind::<SqlUuid, _>(shipment.0)
        .bind::<Array<Integer>, _>(&numbers)
        .execute(&mut self.raw)
        .await?;
        let rows: Vec<Row> = sql_query(
            "select distinct box_number from parent_boxes where shipment_id = $1 and box_number = any($2)
                 and (until_at is null or until_at > $3) order by box_number",
        )
        .bind::<SqlUuid, _>(shipment.0)
        .bind::<Array<Integer>, _>(&numbers)
        .bind::<Timestamptz, _>(from)
        .load(&mut self.raw)
        .await?;
        Ok(rows.into_iter().filter_map(|row| u32::try_from(row.box_number).ok()).collect())
    }

    /// The caller has looked that they are in no other ([`Connection::boxes_with_parent`]).
    pub async fn add_to_parent(
        &mut self,
        organisation: OrganisationId,
        parent: ParentId,
        (shipment, numbers): (ShipmentId, &[u32]),
        from: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        sql_query(
            "insert into parent_boxes (organisation_id, parent_id, shipment_id, box_number, from_at, created_at)
             select $1, $2, $3, n, $4, $5 from unnest($6::int[]) as u (n)",
        )
        .bind::<Integer, _>(organisation.0)
        .bind::<SqlUuid, _>(parent.0)
        .bind::<SqlUuid, _>(shipment.0)
        .bind::<Timestamptz, _>(from)
        .bind::<Timestamptz, _>(now)
        .bind::<Array<Integer>, _>(column(numbers, |number| number_column(*number)))
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }

    /// Ends the open stays of those boxes in the parent that began before `until`; says how many there were.
    pub async fn remove_from_parent(
        &mut self,
        parent: ParentId,
        (shipment, numbers): (ShipmentId, &[u32]),
        until: DateTime<Utc>,
    ) -> Result<usize, StoreError> {
        let ended = sql_query(
            "update parent_boxes set until_at = $1
             where parent_id = $2 and shipment_id = $3 and box_number = any($4) and until_at is null and from_at < $1",
        )
        .bind::<Timestamptz, _>(until)
        .bind::<SqlUuid, _>(parent.0)
        .bind::<SqlUuid, _>(shipment.0)
        .bind::<Array<Integer>, _>(column(numbers, |number| number_column(*number)))
        .execute(&mut self.raw)
        .await?;
        Ok(ended)
    }
}

#[derive(QueryableByName)]
struct ParentRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Nullable<Text>)]
    sscc: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    reference: Option<String>,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
}

impl ParentRow {
    fn parent(self) -> Result<Parent, StoreError> {
        Ok(Parent {
            id: ParentId(self.id),
            kind: self.kind.parse().map_err(|error| StoreError::unreadable("kind", error))?,
            sscc: parsed("sscc", self.sscc.as_deref())?,
            reference: self.reference,
            created_at: self.created_at,
        })
    }
}

#[derive(QueryableByName)]
struct StayRow {
    #[diesel(sql_type = SqlUuid)]
    shipment_id: Uuid,
    #[diesel(sql_type = Text)]
    reference: String,
    #[diesel(sql_type = Integer)]
    box_number: i32,
    #[diesel(sql_type = Nullable<Text>)]
    sscc: Option<String>,
    #[diesel(sql_type = Timestamptz)]
    from_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    until_at: Option<DateTime<Utc>>,
}

impl StayRow {
    fn stay(self) -> Result<ParentBox, StoreError> {
        Ok(ParentBox {
            shipment: ShipmentId(self.shipment_id),
            shipment_reference: self.reference,
            number: u32::try_from(self.box_number).map_err(|error| StoreError::unreadable("box", error))?,
            sscc: parsed("sscc", self.sscc.as_deref())?,
            from: self.from_at,
            until: self.until_at,
        })
    }
}
