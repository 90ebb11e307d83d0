package command

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/windows"
)

// understandsEscapes asks the console behind f to draw colours, and reports
// whether it will: Windows 10 and later do.
func understandsEscapes(f *os.File) bool {
	console := windows.Handle(f.Fd())
	var mode uint32
	if err := windows.GetConsoleMode(console, &mode); err != nil {
		return false
	}
	return windows.SetConsoleMode(console, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) == nil
}

// errClosedPipe is what writing to a pipe without a reader fails with, mostly.
const errClosedPipe = windows.ERROR_NO_DATA

// isClosedPipe reports that whoever read our output has gone.
func isClosedPipe(err error) bool {
	return errors.Is(err, errClosedPipe) || errors.Is(err, windows.ERROR_BROKEN_PIPE)
}

// errAddressInUse is what listening on a port that is taken fails with.
const errAddressInUse = windows.WSAEADDRINUSE

// detach gives a child its own process group: Ctrl-C in the console is for us,
// not for the browser that we happened to start.
func detach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP}
}

// The user's profile is closed to other users by its access list, which
// everything made in it inherits; mode bits and owners say nothing here.
func checkOwner(fs.FileInfo) error        { return nil }
func keepOwner(string, fs.FileInfo) error { return nil }
func othersMay(fs.FileInfo) bool          { return false }

// A directory cannot be synced; NTFS journals its entries.
func syncDir(string) error { return nil }
