package panels

// meshDescription describes panels whose server does not exist yet.
const meshDescription = "Empty until mesh-bridge has a server."

var mesh = Dashboard{
	UID: "bitcraps-mesh", Title: "BitCraps: mesh", Description: meshDescription,
	Rows: []Row{{"Phones", []Panel{
		{Title: "Peers", Description: meshDescription, Unit: "short", Empty: true, Queries: []Query{{`sum(bitcraps_mesh_peers_connected)`, "connected"}}},
		{Title: "Messages", Description: meshDescription, Unit: "cps", Empty: true,
			Queries: []Query{{`sum by (type) (rate(bitcraps_mesh_messages_total[$__rate_interval]))`, "{{type}}"}}},
	}}},
}
