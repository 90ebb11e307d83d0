//go:build !race

package media_test

import "pictap/mock/media"

const largest = media.MaxSize
