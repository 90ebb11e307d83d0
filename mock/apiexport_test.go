package mock

// A RouteLine is a line of the table of routes.
type RouteLine struct {
	Method, Pattern string
	Open            bool
}

// Routes is the table of routes.
func Routes() []RouteLine {
	var all []RouteLine
	for _, r := range routes {
		all = append(all, RouteLine{r.method, r.pattern, r.open})
	}
	return all
}

// Prefixes are what a path may have before it.
func Prefixes() []string { return prefixes }

// PageText is what is kept of a page.
func PageText(page string) []string { return pageText(page) }

// PageColors are the colours that a page names.
func PageColors(page string) (background, ink string) { return pageColors(page) }

// NamesIn lists the variables that a text refers to.
func NamesIn(text string) []string { return namesIn(text) }

// Fill puts values into a text.
func Fill(text string, values map[string]any) string { return fill(text, values) }

// CheckExpression reads an expression.
func CheckExpression(text string) error { return checkExpression(text) }

// Evaluate computes an expression.
func Evaluate(text string, variables map[string]any) (any, error) { return evaluate(text, variables) }

// SchemaIn lists the variables of a scene: name, type, default, description.
func SchemaIn(source string) (all [][4]any) {
	for _, d := range schemaIn(source) {
		all = append(all, [4]any{d.Name, d.Type, d.DefaultValue, d.Description})
	}
	return all
}

// Kept is how many renders there are, of how many bytes, and how many bytes of
// pictures are cached.
func (s *Server) Kept() (renders, bytes, cached int) {
	w := s.theWorld()
	w.mu.RLock()
	defer w.mu.RUnlock()
	s.media.mu.Lock()
	defer s.media.mu.Unlock()
	return w.renders.len(), w.renders.bytes, s.media.bytes
}

// LimitCache has no more bytes of pictures kept.
func (s *Server) LimitCache(bytes int) { s.media.limit = bytes }

const (
	MaxRenders   = maxRenders
	MaxTemplates = maxTemplates
	MaxRunning   = maxRunning
)
