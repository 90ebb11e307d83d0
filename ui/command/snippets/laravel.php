<?php

// Pictify's webhooks for Laravel 11 or newer.
//
//   config/services.php   'pictify' => ['secret' => env('PICTIFY_WEBHOOK_SECRET')],
//   routes/web.php        Route::post('/webhooks/pictify', App\Http\Controllers\PictifyWebhookController::class);
//   bootstrap/app.php     ->withMiddleware(function (Middleware $middleware) {
//                             $middleware->validateCsrfTokens(except: ['webhooks/pictify']); // it is signed instead
//                         })

namespace App\Http\Controllers;

use Illuminate\Http\Request;
use Illuminate\Http\Response;
use Illuminate\Support\Facades\Cache;
use Illuminate\Support\Facades\Log;

class PictifyWebhookController
{
    private string $secret;

    public function __construct()
    {
        $this->secret = (string) config('services.pictify.secret');
        if ($this->secret === '') {
            throw new \RuntimeException('PICTIFY_WEBHOOK_SECRET is not set');
        }
    }

    public function __invoke(Request $request): Response
    {
        $body = $request->getContent(); // not $request->all(): the raw bytes are signed
        if (! $this->verify($request->header('X-Pictify-Signature'), $body)) {
            return response('invalid signature', 401);
        }
        $event = json_decode($body, true);
        if (! is_array($event) || ! is_string($event['event'] ?? null)) {
            return response('not an event', 400);
        }

        // Answer first, then work: after 30 s Pictify gives up and sends it again. What is not done
        // when the process ends is lost, so in production put it into a queue: dispatch(new YourJob($event)).
        if ($this->firstTime($request->header('X-Pictify-Delivery-Id'))) {
            dispatch(static fn () => self::handle($event))->afterResponse();
        }

        return response('ok', 200);
    }

    // Pictify may send a delivery twice, and retries for more than a day. In production the cache must
    // be one that all servers share, or this a table with a unique key.
    private function firstTime(?string $id): bool
    {
        return ! $id || Cache::add('pictify:'.$id, true, 3 * 86400);
    }

    // The signature is over "t.", then the bytes of the body as they came.
    private function verify(?string $header, string $body): bool
    {
        $values = ['t' => [], 'v1' => []];
        foreach (explode(',', $header ?? '') as $part) {
            if (! preg_match('/\A([!-<>-~]+)=([!-<>-~]*)\z/', $part, $m)) {
                return false;
            }
            $values[$m[1]][] = $m[2];
        }
        ['t' => $t, 'v1' => $v1] = $values; // several v1 while a secret is replaced
        if (count($t) !== 1 || ! preg_match('/\A[1-9][0-9]{0,14}\z/', $t[0])) {
            return false;
        }
        if (abs(time() - (int) $t[0]) > 300) {
            return false;
        }
        if (count($v1) > 8 || preg_grep('/\A[0-9a-f]{64}\z/i', $v1, PREG_GREP_INVERT)) {
            return false;
        }
        $want = hash_hmac('sha256', $t[0].'.'.$body, $this->secret);
        foreach ($v1 as $mac) {
            if (hash_equals($want, strtolower($mac))) {
                return true;
            }
        }

        return false;
    }

    private static function handle(array $event): void
    {
        $data = $event['data'] ?? [];
        match ($event['event']) {
            'render.completed' => Log::info("render.completed {$data['imageId']} {$data['url']}"),
            'render.failed' => Log::info("render.failed {$data['errorCode']} {$data['error']}"),
            'batch.completed' => Log::info("batch.completed {$data['batchId']} {$data['status']}"),
            default => null, // binding.updated, binding.failed, and what Pictify may add: it has its 200
        };
    }
}
