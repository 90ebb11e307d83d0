package pictify

// An EventType names what happened, "render.completed". The set is open: a type
// that is not listed here is legal and is carried through.
type EventType string

// The documented types.
const (
	// RenderCompleted: an image, GIF or PDF is ready; also once per item of a
	// batch. Data is a [RenderCompletedData]. In the guide, concepts,
	// api-reference and openapi; the guide alone shows format and variables,
	// concepts alone shows userId.
	RenderCompleted EventType = "render.completed"

	// RenderFailed: a render did not come about. Data is a [RenderFailedData]. In
	// the guide, concepts, api-reference and openapi; concepts shows neither
	// source nor variables.
	RenderFailed EventType = "render.failed"

	// BatchCompleted: a batch has ended, perhaps with failed items. Data is a
	// [BatchData]. In the guide (payload and handler) and in api-reference's
	// table of events, but not in openapi's enum nor in concepts: it is delivered
	// to the webhookUrl given with the batch and cannot be subscribed to.
	BatchCompleted EventType = "batch.completed"

	// BatchFailed: a batch has failed as a whole. Data is taken to be a
	// [BatchData]. Named only by api-reference's table of events; no page shows a
	// payload, and later versions of that page no longer name it.
	BatchFailed EventType = "batch.failed"

	// BindingUpdated: a binding fetched its data source and rendered anew. Data
	// is a [BindingUpdatedData]. In the guide, concepts, api-reference and openapi.
	BindingUpdated EventType = "binding.updated"

	// BindingFailed: a binding could not refresh. Data is a [BindingFailedData].
	// In the guide (which shows the payload, and no handler), concepts,
	// api-reference and openapi.
	BindingFailed EventType = "binding.failed"
)

// EventTypes returns the documented types in the order of api-reference.
func EventTypes() []EventType {
	return []EventType{
		RenderCompleted, RenderFailed, BatchCompleted, BatchFailed, BindingUpdated, BindingFailed,
	}
}

// Subscribable returns the types that a subscription may name, which are those of
// openapi's enum. A subscription names exactly one of them.
func Subscribable() []EventType {
	return []EventType{RenderCompleted, RenderFailed, BindingUpdated, BindingFailed}
}
