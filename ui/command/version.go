package command

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/urfave/cli/v2"
)

// Version is the command that says which pictap this is.
func Version(env Env) *cli.Command {
	return &cli.Command{
		Name:  "version",
		Usage: "print the version and how it was built",
		Action: env.action(func(_ *cli.Context, p *printer) error {
			if p.json {
				p.emit(struct {
					lineHead
					Version string `json:"version"`
					Go      string `json:"go"`
					OS      string `json:"os"`
					Arch    string `json:"arch"`
				}{p.head("version"), version(), runtime.Version(), runtime.GOOS, runtime.GOARCH})
				return nil
			}
			p.data(fmt.Sprintf("pictap %s (%s %s/%s)", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH))
			return nil
		}),
	}
}

// version is what the Go tool stamped into the binary: the tag of a "go
// install …@latest", a pseudo-version of the commit for a build in a checkout.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}
