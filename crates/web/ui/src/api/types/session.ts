export type Role =
  | "admin"
  | "coordinator"
  | "packer"
  | "courier"
  | "receiver"
  | "dispatcher"
  | "quality"
  | "supplier"
  | "auditor";

export type Permission =
  | "read_shipments"
  | "read_transport"
  | "write_shipments"
  | "bind_tracker"
  | "transfer_custody"
  | "hand_in_custody"
  | "correct_custody"
  | "export_evidence"
  | "read_alerts"
  | "acknowledge_alerts"
  | "manage_alerting"
  | "read_trackers"
  | "write_trackers"
  | "read_places"
  | "write_places"
  | "read_profiles"
  | "write_profiles"
  | "approve_profiles"
  | "decide_disposition"
  | "read_recalls"
  | "recall_lots"
  | "manage_users"
  | "read_partners"
  | "write_partners"
  | "read_qualifications"
  | "manage_integrations"
  | "read_notifications";

export interface User {
  id: string;
  email: string;
  /** As printed beside what the user does. */
  name: string;
  role: Role;
  /** Its name. */
  organisation: string;
  /** Whether that is the tenant; else it is a partner of it, whose people see less. */
  of_tenant: boolean;
  permissions: Permission[];
}

export interface LogIn {
  access_token: string;
  expires_at: string;
  user: User;
}

export interface Page<T> {
  items: T[];
  /** Opaque; null on the last page. */
  next: string | null;
}

export interface Status {
  /** The service's clock: the only "now" that ages may be counted from. A demonstration runs it faster. */
  now: string;
  /** Whether all that was sent has been worked off: before that nobody can say that a tracker is silent. */
  caught_up: boolean;
  /** Null for those who may not know. */
  notifications: Notifications | null;
}

export interface Notifications {
  configured: boolean;
  pending: number;
  failing: number;
  sent: number;
}
