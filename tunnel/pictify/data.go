package pictify

import "time"

// The data of each documented event, fields in the order of the guide's payloads.
// A field whose tag says omitempty or omitzero is absent in some or all of the
// documented examples.

// RenderCompletedData is the data of [RenderCompleted]. Only images are ever
// shown; that GIFs and PDFs have the same fields follows from the guide's
// validator, which requires imageId and url of every one.
type RenderCompletedData struct {
	Type           string         `json:"type"`                     // "image", "gif" or "pdf"
	Source         string         `json:"source,omitempty"`         // "api"; "dashboard" and "automation" are named elsewhere
	ImageID        string         `json:"imageId"`                  // "img_abc123", for GIFs and PDFs too
	URL            string         `json:"url"`                      // where Pictify hosts the result
	UserStorageURL string         `json:"userStorageUrl,omitempty"` // the copy in the account's own bucket, if it has one
	Width          int            `json:"width,omitempty"`          // pixels; points in a PDF
	Height         int            `json:"height,omitempty"`         // likewise
	Format         string         `json:"format,omitempty"`         // "png", "jpg", "jpeg", "webp", "gif", "pdf"; guide only
	TemplateID     string         `json:"templateId,omitempty"`     // "tmpl_xyz789"; absent for renders of raw HTML or of a page
	Variables      map[string]any `json:"variables,omitzero"`       // what the template was filled with; guide only
	UserID         string         `json:"userId,omitempty"`         // concepts only
	RenderedAt     time.Time      `json:"renderedAt,omitzero"`
	DeliveryID     string         `json:"deliveryId,omitempty"` // see [Event.WithDeliveryID]
}

// RenderFailedData is the data of [RenderFailed].
type RenderFailedData struct {
	Type       string         `json:"type"`                 // "image", "gif" or "pdf"
	Source     string         `json:"source,omitempty"`     // guide only
	TemplateID string         `json:"templateId,omitempty"` // absent for renders of raw HTML or of a page
	Error      string         `json:"error"`                // for people
	ErrorCode  string         `json:"errorCode"`            // for programs, "TEMPLATE_NOT_FOUND"; an open set
	Variables  map[string]any `json:"variables,omitzero"`   // guide only
	DeliveryID string         `json:"deliveryId,omitempty"` // see [Event.WithDeliveryID]
}

// BatchData is the data of [BatchCompleted], and is assumed for [BatchFailed].
type BatchData struct {
	BatchID        string `json:"batchId"`
	TemplateUID    string `json:"templateUid"` // templateId in render events
	Status         string `json:"status"`      // "completed", "partial", "failed" or "cancelled"; the guide says completed in spite of failed items
	TotalCount     int    `json:"totalCount"`
	CompletedCount int    `json:"completedCount"`
	FailedCount    int    `json:"failedCount"`
	Duration       int    `json:"duration"`             // milliseconds
	DeliveryID     string `json:"deliveryId,omitempty"` // see [Event.WithDeliveryID]
}

// BindingUpdatedData is the data of [BindingUpdated].
type BindingUpdatedData struct {
	BindingID    string         `json:"bindingId"`
	TemplateUID  string         `json:"templateUid"`
	ImageURL     string         `json:"imageUrl"`
	PreviousData map[string]any `json:"previousData"`         // no page says what the first refresh has here
	NewData      map[string]any `json:"newData"`              // as fetched
	DeliveryID   string         `json:"deliveryId,omitempty"` // see [Event.WithDeliveryID]
}

// BindingFailedData is the data of [BindingFailed].
type BindingFailedData struct {
	BindingID  string    `json:"bindingId"`
	Error      string    `json:"error"`
	RetryCount int       `json:"retryCount"`
	NextRetry  time.Time `json:"nextRetry,omitzero"`
	DeliveryID string    `json:"deliveryId,omitempty"` // see [Event.WithDeliveryID]
}
