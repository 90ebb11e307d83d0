package check

// What other encoders make of a body, for comparison with them.
var (
	SortedJSON = sortedJSON
	SpacedJSON = spacedJSON
)
