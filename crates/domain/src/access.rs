//! Who may do what: one table from role to permissions, and nothing that is not in it.
//!
//! Knows no route and no user: a route declares the permission it asks for, and a row its organisation,
//! which is checked where rows are read.

use crate::OrganisationId;
use crate::named_enum::named_enum;

named_enum! {
    /// What a person (or a program on behalf of one) is in the organisation.
    Role, "role" {
        /// Users, integrations, trackers.
        Admin = "admin",
        /// Pharmacy logistics: plans shipments and watches them.
        Coordinator = "coordinator",
        /// Packs the box and binds its tracker.
        Packer = "packer",
        /// Drives.
        Courier = "courier",
        /// Goods-in at the consignee.
        Receiver = "receiver",
        /// A carrier's, of another organisation.
        Dispatcher = "dispatcher",
        /// The Responsible Person (EU) or designated representative (US), who decides on what is on hold.
        Quality = "quality",
        /// A manufacturer or wholesaler, by API.
        Supplier = "supplier",
        /// Reads everything of one organisation and changes nothing.
        Auditor = "auditor",
    }
}

named_enum! {
    /// What a route can ask for.
    Permission, "permission" {
        /// Shipments with what they hold, their readings, assessments and custody.
        ReadShipments = "read_shipments",
        /// How shipments go: plans, where they are, on what they stand, photos, what was handed in, what was decided.
        ReadTransport = "read_transport",
        WriteShipments = "write_shipments",
        /// Bind a tracker to a shipment, or end that.
        BindTracker = "bind_tracker",
        /// Pack, offer, accept, refuse, seal: on behalf of the own organisation.
        TransferCustody = "transfer_custody",
        /// Hand in what the own organisation's system has of handovers; a tenant's, of others' systems, too.
        HandInCustody = "hand_in_custody",
        /// Say that an entry of a ledger is not as it was.
        CorrectCustody = "correct_custody",
        /// Everything that is known of a shipment, in a file that leaves the house.
        ExportEvidence = "export_evidence",
        ReadAlerts = "read_alerts",
        AcknowledgeAlerts = "acknowledge_alerts",
        /// Runbooks, and who is on call.
        ManageAlerting = "manage_alerting",
        /// Trackers with their uplinks, and the unknown ones that were heard.
        ReadTrackers = "read_trackers",
        WriteTrackers = "write_trackers",
        /// Places and lanes.
        ReadPlaces = "read_places",
        WritePlaces = "write_places",
        ReadProfiles = "read_profiles",
        WriteProfiles = "write_profiles",
        /// Sign that a version of a profile may decide.
        ApproveProfiles = "approve_profiles",
        /// Sign what becomes of a shipment: release, reject, return, destroy.
        DecideDisposition = "decide_disposition",
        /// What was called back, and what is on hold because of it.
        ReadRecalls = "read_recalls",
        /// Call a lot back: everything that holds it is on hold from then on.
        RecallLots = "recall_lots",
        ManageUsers = "manage_users",
        /// The tenant and the organisations that work with it.
        ReadPartners = "read_partners",
        /// Partners, their contracts and badges, and who was trained.
        WritePartners = "write_partners",
        /// Contracts, trainings and badges, and whose they are.
        ReadQualifications = "read_qualifications",
        ManageIntegrations = "manage_integrations",
        /// The service's own state, and whether notifications went out.
        ReadNotifications = "read_notifications",
    }
}

impl Role {
    /// Everything this role may do.
    pub const fn permissions(self) -> &'static [Permission] {
        use Permission::*;
        match self {
            // Everything but quality's decisions: who runs the installation does not answer for the goods.
            Self::Admin => &[
                ReadShipments,
                ReadTransport,
                WriteShipments,
                BindTracker,
                TransferCustody,
                HandInCustody,
                CorrectCustody,
                ExportEvidence,
                ReadAlerts,
                AcknowledgeAlerts,
                ManageAlerting,
                ReadTrackers,
                WriteTrackers,
                ReadPlaces,
                WritePlaces,
                ReadProfiles,
                WriteProfiles,
                ReadRecalls,
                ManageUsers,
                ReadPartners,
                WritePartners,
                ReadQualifications,
                ManageIntegrations,
                ReadNotifications,
            ],
            Self::Coordinator => &[
                ReadShipments,
                ReadTransport,
                WriteShipments,
                BindTracker,
                TransferCustody,
                HandInCustody,
                CorrectCustody,
                ExportEvidence,
                ReadAlerts,
                AcknowledgeAlerts,
                ReadTrackers,
                WriteTrackers,
                ReadPlaces,
                WritePlaces,
                ReadProfiles,
                ReadPartners,
                WritePartners,
                ReadQualifications,
                ReadRecalls,
                ReadNotifications,
            ],
            Self::Packer => &[
                ReadShipments,
                ReadTransport,
                WriteShipments,
                BindTracker,
                TransferCustody,
                ReadAlerts,
                ReadTrackers,
                ReadPlaces,
                ReadProfiles,
                ReadPartners,
                ReadRecalls,
            ],
            Self::Courier => {
                &[ReadShipments, ReadTransport, TransferCustody, ReadAlerts, ReadPlaces, ReadPartners]
            }
            Self::Receiver => &[
                ReadShipments,
                ReadTransport,
                TransferCustody,
                ReadAlerts,
                ReadTrackers,
                ReadPlaces,
                ReadProfiles,
                ReadPartners,
                ReadRecalls,
            ],
            Self::Quality => &[
                ReadShipments,
                ReadTransport,
                CorrectCustody,
                ExportEvidence,
                ReadAlerts,
                AcknowledgeAlerts,
                ManageAlerting,
                ReadTrackers,
                ReadPlaces,
                ReadProfiles,
                WriteProfiles,
                ApproveProfiles,
                DecideDisposition,
                ReadPartners,
                ReadQualifications,
                ReadRecalls,
                RecallLots,
                ReadNotifications,
            ],
            Self::Auditor => &[
                ReadShipments,
                ReadTransport,
                ExportEvidence,
                ReadAlerts,
                ReadTrackers,
                ReadPlaces,
                ReadProfiles,
                ReadPartners,
                ReadQualifications,
                ReadRecalls,
                ReadNotifications,
            ],
            // Both belong to another organisation, and so do its systems. A dispatcher sees the shipments that it has to do
            // with, a supplier those that hold its products.
            Self::Dispatcher => &[ReadShipments, ReadTransport, TransferCustody, HandInCustody, ReadPartners],
            Self::Supplier => &[ReadShipments, ExportEvidence, HandInCustody, ReadPartners],
        }
    }

    /// Whether a partner's people may have it: the others act for the tenant.
    pub fn is_for_partners(self) -> bool {
        use Role::*;
        matches!(self, Courier | Receiver | Dispatcher | Supplier | Auditor)
    }

    /// Whether it is a partner's alone.
    pub fn is_partners_alone(self) -> bool {
        matches!(self, Self::Dispatcher | Self::Supplier)
    }

    pub fn may(self, permission: Permission) -> bool {
        self.permissions().contains(&permission)
    }
}

/// Whose rows somebody may see: all of a tenant, or what concerns one of its partners. Everything that a partner's people
/// may read goes through it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sight {
    pub tenant: OrganisationId,
    pub viewer: Viewer,
}

/// From where a tenant's rows are looked at. Whoever reads rows says what each of them sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Viewer {
    /// The tenant itself: all of it.
    Tenant,
    /// A partner: the shipments that it has or had to do with.
    Partner(OrganisationId),
    /// A supplier: the shipments that hold its products, and of what they hold only these.
    Supplier(OrganisationId),
}

impl Sight {
    /// Of the people of `organisation`, which is the tenant itself or one of its partners.
    pub fn of(organisation: OrganisationId, tenant: OrganisationId) -> Self {
        let viewer = if organisation == tenant { Viewer::Tenant } else { Viewer::Partner(organisation) };
        Self { tenant, viewer }
    }

    /// Of somebody of that role there. A partner's role that was given to one of the tenant's own sees no more than a
    /// partner's.
    pub fn of_role(role: Role, organisation: OrganisationId, tenant: OrganisationId) -> Self {
        match role {
            Role::Supplier => Self { tenant, viewer: Viewer::Supplier(organisation) },
            role if role.is_partners_alone() => Self { tenant, viewer: Viewer::Partner(organisation) },
            _ => Self::of(organisation, tenant),
        }
    }

    /// The partner, supplier or not, from which it is looked; none: the tenant itself.
    pub fn partner(self) -> Option<OrganisationId> {
        match self.viewer {
            Viewer::Tenant => None,
            Viewer::Partner(partner) | Viewer::Supplier(partner) => Some(partner),
        }
    }

    /// The same for what passes through hands: a supplier, too, writes of shipments that it has or had.
    pub fn in_hands(self) -> Self {
        match self.viewer {
            Viewer::Supplier(partner) => Self { viewer: Viewer::Partner(partner), ..self },
            Viewer::Tenant | Viewer::Partner(_) => self,
        }
    }

    /// Whether what belongs to that organisation of the tenant's circle is to be seen.
    pub fn covers(self, organisation: OrganisationId) -> bool {
        self.partner().is_none_or(|partner| partner == organisation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back_and_travels_in_json_as_itself() {
        for role in Role::ALL {
            assert_eq!(role.to_string().parse(), Ok(*role));
            assert_eq!(serde_json::to_value(role).unwrap(), role.as_str());
        }
        for permission in Permission::ALL {
            assert_eq!(permission.to_string().parse(), Ok(*permission));
            assert_eq!(serde_json::to_value(permission).unwrap(), permission.as_str());
        }
    }

    #[test]
    fn an_unknown_role_is_refused_with_the_known_ones() {
        let refused = "root".parse::<Role>().unwrap_err().to_string();
        assert_eq!(
            refused,
            "`root` is no role: write one of admin, coordinator, packer, courier, receiver, dispatcher, \
             quality, supplier, auditor"
        );
    }

    #[test]
    fn an_auditor_reads_and_changes_nothing() {
        for permission in Role::Auditor.permissions() {
            let is_reading =
                permission.as_str().starts_with("read_") || *permission == Permission::ExportEvidence;
            assert!(is_reading, "{permission}");
        }
        assert!(Role::Auditor.may(Permission::ReadShipments));
    }

    #[test]
    fn only_an_admin_manages_users_and_integrations() {
        for role in Role::ALL {
            for permission in [Permission::ManageUsers, Permission::ManageIntegrations] {
                assert_eq!(role.may(permission), *role == Role::Admin, "{role} {permission}");
            }
        }
    }

    #[test]
    fn only_quality_signs_and_an_admin_may_everything_else() {
        let of_quality = [Permission::ApproveProfiles, Permission::DecideDisposition, Permission::RecallLots];
        for (role, permission) in Role::ALL.iter().flat_map(|role| of_quality.map(|p| (role, p))) {
            assert_eq!(role.may(permission), *role == Role::Quality, "{role} {permission}");
        }
        for permission in Permission::ALL {
            assert_eq!(Role::Admin.may(*permission), !of_quality.contains(permission), "{permission}");
        }
    }

    #[test]
    fn a_partners_people_hand_over_and_see_what_concerns_them() {
        let apart_from_reading =
            [Permission::TransferCustody, Permission::HandInCustody, Permission::ExportEvidence];
        for role in Role::ALL.iter().filter(|role| role.is_for_partners()) {
            for permission in role.permissions() {
                let is_reading = permission.as_str().starts_with("read_");
                assert!(is_reading || apart_from_reading.contains(permission), "{role} {permission}");
            }
        }
        let [tenant, partner, other] = [1, 2, 3].map(OrganisationId);
        let (own, theirs) = (Sight::of(tenant, tenant), Sight::of(partner, tenant));
        assert_eq!((own.partner(), theirs.partner()), (None, Some(partner)));
        assert!(own.covers(tenant) && own.covers(partner));
        assert!(theirs.covers(partner) && !theirs.covers(tenant) && !theirs.covers(other));
    }

    #[test]
    fn a_role_says_from_where_it_looks() {
        let [tenant, partner] = [1, 2].map(OrganisationId);
        for role in Role::ALL {
            let (own, theirs) =
                (Sight::of_role(*role, tenant, tenant), Sight::of_role(*role, partner, tenant));
            let expected = match role {
                Role::Supplier => (Viewer::Supplier(tenant), Viewer::Supplier(partner)),
                Role::Dispatcher => (Viewer::Partner(tenant), Viewer::Partner(partner)),
                _ => (Viewer::Tenant, Viewer::Partner(partner)),
            };
            assert_eq!((own.viewer, theirs.viewer), expected, "{role}");
            assert_eq!(theirs.in_hands().viewer, Viewer::Partner(partner), "{role}");
        }
        assert_eq!(Sight::of(tenant, tenant).in_hands().viewer, Viewer::Tenant);
    }

    #[test]
    fn what_is_a_partners_alone_is_a_partners() {
        for role in Role::ALL.iter().filter(|role| role.is_partners_alone()) {
            assert!(role.is_for_partners(), "{role}");
        }
    }
}
