package mock

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
)

// A route is one line of the API. In a pattern, {…} takes any one segment that is
// not empty; of two, the endpoint is given the first.
type route struct {
	method, pattern string
	do              endpoint
	open            bool  // needs no key
	body            int64 // most bytes of a body; 0 means maxRequest
}

const (
	maxRequest = 1 << 20
	maxHook    = 64 << 10 // of a request about subscriptions
	maxBatch   = 4 << 20
)

// routes is the whole API but for what lies below controlPath. They are not given
// to a ServeMux, which refuses patterns such as /templates/type/{type} beside
// /templates/{uid}/variables; here a literal goes before a {…}.
var routes = []route{
	{"GET", "/health", (*Server).health, true, 0},
	{"GET", "/healthcheck", (*Server).health, true, 0},
	{"GET", "/users", (*Server).account, false, 0},
	{"GET", "/users/", (*Server).account, false, 0}, // how the MCP server checks a key

	{"GET", "/webhook-subscriptions", (*Server).list, false, maxHook},
	{"POST", "/webhook-subscriptions", (*Server).create, false, maxHook},
	{"GET", "/webhook-subscriptions/stats", (*Server).stats, false, maxHook},
	{"GET", "/webhook-subscriptions/{uid}", (*Server).get, false, maxHook},
	{"PUT", "/webhook-subscriptions/{uid}", (*Server).update, false, maxHook},
	{"DELETE", "/webhook-subscriptions/{uid}", (*Server).remove, false, maxHook},
	{"POST", "/webhook-subscriptions/{uid}/pause", (*Server).pause, false, maxHook},
	{"POST", "/webhook-subscriptions/{uid}/resume", (*Server).resume, false, maxHook},
	{"POST", "/webhook-subscriptions/{uid}/test", (*Server).test, false, maxHook},

	{"POST", "/image", (*Server).createImage, false, 0},
	{"GET", "/image", (*Server).listImages, false, 0},
	{"GET", "/image/health", (*Server).health, true, 0},
	{"GET", "/image/{id}", (*Server).getImage, false, 0},
	{"POST", "/image/public", (*Server).createPublicImage, true, 0},
	{"POST", "/image/canvas", (*Server).createCanvas, false, 0},
	{"POST", "/image/og-image", (*Server).createOGImage, false, 0},
	{"POST", "/image/agent-screenshot", (*Server).agentScreenshot, false, 0},
	{"POST", "/image/agent-screenshot-stream", (*Server).agentStream, true, 0}, // looks for its key itself
	{"GET", "/image/agent-screenshot-stream", (*Server).agentStream, true, 0},

	{"POST", "/gif", (*Server).createGIF, false, 0},
	{"GET", "/gif", (*Server).listGIFs, false, 0},
	{"GET", "/gif/health", (*Server).health, true, 0},
	{"POST", "/gif/public", (*Server).createPublicGIF, true, 0},
	{"POST", "/gif/capture", (*Server).captureGIF, false, 0},
	{"GET", "/gif/{uid}", (*Server).getGIF, true, 0},

	{"POST", "/pdf/render", (*Server).createPDF, false, 0},
	{"POST", "/pdf/from-fabric", (*Server).createPDFOfCanvas, false, 0},
	{"POST", "/pdf/multi-page", (*Server).createPages, false, maxBatch},
	{"GET", "/pdf/presets", (*Server).pdfPresets, false, 0},

	{"GET", "/templates", (*Server).listTemplates, false, 0},
	{"POST", "/templates", (*Server).createTemplate, false, 0},
	{"GET", "/templates/search", (*Server).searchTemplates, false, 0},
	{"GET", "/templates/type/{type}", (*Server).templatesOfType, false, 0},
	{"POST", "/templates/preview", (*Server).previewTemplate, false, 0},
	{"POST", "/templates/upload-csv", (*Server).uploadCSV, false, maxBatch},
	{"POST", "/templates/expression/validate", (*Server).validateExpression, false, 0},
	{"POST", "/templates/expression/test", (*Server).testExpression, false, 0},
	{"GET", "/templates/expression/functions", (*Server).expressionFunctions, false, 0},
	{"GET", "/templates/batch/{id}/results", (*Server).batchResults, false, 0},
	{"POST", "/templates/batch/{id}/cancel", (*Server).cancelBatch, false, 0},
	{"GET", "/templates/{uid}", (*Server).getTemplate, false, 0},
	{"PUT", "/templates/{uid}", (*Server).updateTemplate, false, 0},
	{"DELETE", "/templates/{uid}", (*Server).deleteTemplate, false, 0},
	{"GET", "/templates/{uid}/variables", (*Server).templateVariables, false, 0},
	{"POST", "/templates/{uid}/regenerate-thumbnail", (*Server).regenerateThumbnail, false, 0},
	{"POST", "/templates/{uid}/render", (*Server).renderTemplate, false, maxBatch}, // a PDF has variableSets
	{"POST", "/templates/{uid}/multi-size-render", (*Server).renderSizes, false, 0},
	{"POST", "/templates/{uid}/batch-render", (*Server).createBatch, false, maxBatch},

	{"GET", "/render", (*Server).listRenders, false, 0},

	{"GET", "/bindings", (*Server).listBindings, false, 0},
	{"POST", "/bindings", (*Server).createBinding, false, 0},
	{"GET", "/bindings/{uid}", (*Server).getBinding, false, 0},
	{"PUT", "/bindings/{uid}", (*Server).updateBinding, false, 0},
	{"DELETE", "/bindings/{uid}", (*Server).deleteBinding, false, 0},
	{"POST", "/bindings/{uid}/refresh", (*Server).refreshBinding, false, 0},
	{"POST", "/bindings/{uid}/test", (*Server).testBinding, false, 0},
	{"POST", "/bindings/{uid}/pause", (*Server).pauseBinding, false, 0},
	{"POST", "/bindings/{uid}/resume", (*Server).resumeBinding, false, 0},
	{"POST", "/webhooks/{uid}", (*Server).pushToBinding, true, 0}, // from a data source, which has no key
	{"GET", "/b/{file}", (*Server).bindingImage, true, 0},
	{"GET", "/b/{file}/url", (*Server).bindingImageURL, true, 0},
	{"GET", "/r/{file}", (*Server).publicRender, true, 0}, // looks for its key itself

	{"GET", "/video/templates", (*Server).listVideos, false, 0},
	{"POST", "/video/templates", (*Server).createVideo, false, 0},
	{"POST", "/video/templates/generate", (*Server).generateVideo, false, 0},
	{"GET", "/video/templates/{uid}", (*Server).getVideo, false, 0},
	{"PUT", "/video/templates/{uid}", (*Server).updateVideo, false, 0},
	{"DELETE", "/video/templates/{uid}", (*Server).deleteVideo, false, 0},
	{"POST", "/video/templates/{uid}/duplicate", (*Server).duplicateVideo, false, 0},
	{"GET", "/video/templates/{uid}/variables", (*Server).videoVariables, false, 0},
	{"POST", "/video/templates/{uid}/render", (*Server).renderVideo, false, 0},
	{"POST", "/video/templates/{uid}/preview", (*Server).previewVideo, false, 0},

	{"GET", "/experiments/api", (*Server).listExperiments, false, 0},
	{"POST", "/experiments/api", (*Server).createExperiment, false, 0},
	{"GET", "/experiments/api/quota", (*Server).experimentQuota, false, 0},
	{"GET", "/experiments/api/{uid}", (*Server).getExperiment, false, 0},
	{"PUT", "/experiments/api/{uid}", (*Server).updateExperiment, false, 0},
	{"DELETE", "/experiments/api/{uid}", (*Server).deleteExperiment, false, 0},
	{"POST", "/experiments/api/{uid}/start", (*Server).startExperiment, false, 0},
	{"POST", "/experiments/api/{uid}/pause", (*Server).pauseExperiment, false, 0},
	{"POST", "/experiments/api/{uid}/complete", (*Server).completeExperiment, false, 0},
	{"POST", "/s/events", (*Server).trackEvents, true, 0}, // has its own kind of key

	{"GET", "/media/renders/{file}", (*Server).renderMedia, true, 0},
	{"GET", "/media/bindings/{file}", (*Server).bindingImage, true, 0},
	{"GET", "/media/samples/{size}/renders/{file}", (*Server).sampleMedia, true, 0},
	{"GET", "/media/samples/{size}/bindings/{file}", (*Server).sampleMedia, true, 0},
	{"GET", "/media/templates/{file}", (*Server).templateMedia, true, 0},
}

// prefixes are what a path may have before it.
var prefixes = []string{"/v1", "/api"}

// A junction is where paths part, segment by segment.
type junction struct {
	literals map[string]*junction
	any      *junction
	methods  map[string]*route // nil when no path ends here
}

var paths = sync.OnceValue(func() *junction {
	root := &junction{}
	for i := range routes {
		at := root
		for segment := range strings.SplitSeq(routes[i].pattern[1:], "/") {
			at = at.to(segment)
		}
		if at.methods == nil {
			at.methods = make(map[string]*route)
		}
		at.methods[routes[i].method] = &routes[i]
	}
	return root
})

// to returns the junction that a segment of a pattern leads to.
func (j *junction) to(segment string) *junction {
	if strings.HasPrefix(segment, "{") {
		if j.any == nil {
			j.any = &junction{}
		}
		return j.any
	}
	if j.literals == nil {
		j.literals = make(map[string]*junction)
	}
	if j.literals[segment] == nil {
		j.literals[segment] = &junction{}
	}
	return j.literals[segment]
}

// find follows a path without its first slash.
func (j *junction) find(path string) (methods map[string]*route, param string) {
	segment, rest, more := strings.Cut(path, "/")
	for _, next := range []*junction{j.literals[segment], j.any} {
		switch {
		case next == nil || next == j.any && segment == "":
			continue
		case more:
			methods, param = next.find(rest)
		default:
			methods = next.methods
		}
		if methods != nil && next == j.any {
			param = segment
		}
		if methods != nil {
			return methods, param
		}
	}
	return nil, ""
}

// lookup finds what a path leads to: the routes by method, nil when there are
// none, and the segment that a pattern has {…} for. The path counts as it was
// sent; nothing is cleaned or redirected, and only that segment may be escaped.
func lookup(path string) (methods map[string]*route, param string) {
	for _, prefix := range prefixes {
		if below, ok := strings.CutPrefix(path, prefix+"/"); ok {
			path = "/" + below
			break
		}
	}
	if !strings.HasPrefix(path, "/") {
		return nil, ""
	}
	methods, escaped := paths().find(path[1:])
	param, err := url.PathUnescape(escaped)
	if err != nil {
		return nil, ""
	}
	return methods, param
}

// choose picks the route of a method. Whoever may GET may ask for the HEAD.
func choose(methods map[string]*route, method string) (*route, error) {
	if method == http.MethodHead && methods[method] == nil {
		method = http.MethodGet
	}
	if r := methods[method]; r != nil {
		return r, nil
	}
	return nil, refusal{status: http.StatusMethodNotAllowed, slug: "method-not-allowed", title: "Method not allowed",
		detail: "This method is not allowed here", allow: allowed(methods)}
}
