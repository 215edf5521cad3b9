//! Who may do what: one table from role to permissions, and nothing that is not in it.
//!
//! Knows no route and no user: a route declares the permission it asks for, and a row its organisation,
//! which is checked where rows are read.

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
        /// Shipments with their readings and assessments.
        ReadShipments = "read_shipments",
        WriteShipments = "write_shipments",
        /// Bind a tracker to a shipment, or end that.
        BindTracker = "bind_tracker",
        ReadAlerts = "read_alerts",
        AcknowledgeAlerts = "acknowledge_alerts",
        /// Trackers with their uplinks, and the unknown ones that were heard.
        ReadTrackers = "read_trackers",
        WriteTrackers = "write_trackers",
        ReadProfiles = "read_profiles",
        WriteProfiles = "write_profiles",
        /// Sign that a version of a profile may decide.
        ApproveProfiles = "approve_profiles",
        /// Sign what becomes of a shipment: release, reject, return, destroy.
        DecideDisposition = "decide_disposition",
        ManageUsers = "manage_users",
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
            // Everything but quality's signature: who runs the installation does not answer for the goods.
            Self::Admin => &[
                ReadShipments,
                WriteShipments,
                BindTracker,
                ReadAlerts,
                AcknowledgeAlerts,
                ReadTrackers,
                WriteTrackers,
                ReadProfiles,
                WriteProfiles,
                ManageUsers,
                ManageIntegrations,
                ReadNotifications,
            ],
            Self::Coordinator => &[
                ReadShipments,
                WriteShipments,
                BindTracker,
                ReadAlerts,
                AcknowledgeAlerts,
                ReadTrackers,
                WriteTrackers,
                ReadProfiles,
                ReadNotifications,
            ],
            Self::Packer => {
                &[ReadShipments, WriteShipments, BindTracker, ReadAlerts, ReadTrackers, ReadProfiles]
            }
            Self::Courier => &[ReadShipments, ReadAlerts],
            Self::Receiver => &[ReadShipments, ReadAlerts, ReadTrackers, ReadProfiles],
            Self::Quality => &[
                ReadShipments,
                ReadAlerts,
                AcknowledgeAlerts,
                ReadTrackers,
                ReadProfiles,
                WriteProfiles,
                ApproveProfiles,
                DecideDisposition,
                ReadNotifications,
            ],
            Self::Auditor => &[ReadShipments, ReadAlerts, ReadTrackers, ReadProfiles, ReadNotifications],
            // Both belong to another organisation; what the chain entitles them to see is decided row by
            // row, and until it is, nothing is theirs.
            Self::Dispatcher | Self::Supplier => &[],
        }
    }

    pub fn may(self, permission: Permission) -> bool {
        self.permissions().contains(&permission)
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
            assert!(permission.as_str().starts_with("read_"), "{permission}");
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
        let signatures = [Permission::ApproveProfiles, Permission::DecideDisposition];
        for (role, signature) in
            Role::ALL.iter().flat_map(|role| signatures.map(|signature| (role, signature)))
        {
            assert_eq!(role.may(signature), *role == Role::Quality, "{role} {signature}");
        }
        for permission in Permission::ALL {
            assert_eq!(Role::Admin.may(*permission), !signatures.contains(permission), "{permission}");
        }
    }

    #[test]
    fn other_organisations_may_nothing_yet() {
        for permission in Permission::ALL {
            assert!(!Role::Supplier.may(*permission) && !Role::Dispatcher.may(*permission), "{permission}");
        }
    }
}
