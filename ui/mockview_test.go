package ui_test

import "pictap/ui"

// stillMock is one in which nothing happens.
func stillMock() *ui.Mock {
	return &ui.Mock{
		Journal: func(int64, int) []ui.MockEntry { return nil },
		State:   func() ui.MockState { return ui.MockState{} },
		Attempt: func(string) error { return nil },
		Resume:  func(string) error { return nil },
	}
}
