package command

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"pictap/fixtures"
)

// outFlags are the flags of a command that writes one file.
func outFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "out", Usage: "write to `FILE` instead of stdout"},
		&cli.BoolFlag{Name: "force", Usage: "replace what exists"},
	}
}

// writeOut has write produce what the flags of outFlags ask for: a file that is
// complete or not there, or stdout.
func (e Env) writeOut(c *cli.Context, mode fs.FileMode, write func(io.Writer) error) (err error) {
	path := c.String("out")
	if path == "" || path == "-" {
		if err := write(e.stdout()); !isClosedPipe(err) {
			return err
		}
		return nil // its reader has seen enough
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return fmt.Errorf("%s is a folder, not a file", path)
	}
	folder, err := fixtures.OpenFolder(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer folder.Close()
	folder.Force, folder.Mode = c.Bool("force"), mode
	file, err := folder.Create(filepath.Base(path))
	if err != nil {
		return err
	}
	defer file.Discard()
	if err := write(file); err != nil {
		return err
	}
	return file.Commit()
}
