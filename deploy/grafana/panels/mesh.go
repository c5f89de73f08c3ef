package panels

// waits is said of panels whose server is still to come.
const waits = "Empty until mesh-bridge has a server."

var mesh = Dashboard{
	UID: "bitcraps-mesh", Title: "BitCraps: mesh", Description: waits,
	Rows: []Row{{"Phones", []Panel{
		{Title: "Peers", Description: waits, Unit: "short", Empty: true, Queries: []Query{{`sum(bitcraps_mesh_peers_connected)`, "connected"}}},
		{Title: "Messages", Description: waits, Unit: "cps", Empty: true,
			Queries: []Query{{`sum by (type) (rate(bitcraps_mesh_messages_total[$__rate_interval]))`, "{{type}}"}}},
	}}},
}
