//go:build unix

package command

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"syscall"
)

// understandsEscapes reports whether the terminal behind f draws colours. All of them do.
func understandsEscapes(*os.File) bool { return true }

// errClosedPipe is what writing to a pipe without a reader fails with.
const errClosedPipe = syscall.EPIPE

// isClosedPipe reports that whoever read our output has gone.
func isClosedPipe(err error) bool { return errors.Is(err, errClosedPipe) }

// errAddressInUse is what listening on a port that is taken fails with.
const errAddressInUse = syscall.EADDRINUSE

// detach gives a child its own process group: Ctrl-C in the terminal is for us,
// not for the browser that we happened to start.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// checkOwner returns an error unless info's file is ours. Root's symbolic links
// pass: systems are full of them, and who is root needs no link to harm us.
func checkOwner(info fs.FileInfo) error {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	own := int(stat.Uid) == os.Geteuid()
	if own || info.Mode()&fs.ModeSymlink != 0 && stat.Uid == 0 {
		return nil
	}
	return fmt.Errorf("%w (uid %d)", errForeign, stat.Uid)
}

// keepOwner gives the file at path the owner and group of old.
func keepOwner(path string, old fs.FileInfo) error {
	stat, ok := old.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	return os.Chown(path, int(stat.Uid), int(stat.Gid))
}

// syncDir makes a rename or a link in dir durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// othersMay reports whether somebody else has any right to the file.
func othersMay(info fs.FileInfo) bool { return info.Mode().Perm()&0o077 != 0 }
