//go:build race

package media_test

const largest = 1024 // pixels: the race detector makes painting 20 times as slow
