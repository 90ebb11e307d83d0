<?php

// Drives the snippet of Laravel, see README.md: php laravel.php FILE. It stands in for as much of
// Laravel 11 as the snippet uses. Source: api.laravel.com/docs/11.x.

namespace Illuminate\Http {
    class Request
    {
        public function __construct(private array $headers, private string $content) {}

        public function getContent(): string { return $this->content; }

        public function header(string $name, ?string $default = null): ?string
        {
            return $this->headers[strtolower($name)] ?? $default;
        }
    }

    class Response
    {
        public function __construct(public string $content, public int $status) {}
    }
}

namespace Illuminate\Support\Facades {
    class Cache
    {
        private static array $values = [];

        // Stores the value unless the key is there, and reports whether it was stored.
        public static function add(string $key, mixed $value, int $ttl): bool
        {
            $new = ! array_key_exists($key, self::$values);
            self::$values[$key] ??= $value;

            return $new;
        }
    }

    class Log
    {
        public static function info(string $text): void
        {
            $GLOBALS['said'][] = ($GLOBALS['answered'] ? '>' : '<').base64_encode($text);
        }
    }
}

namespace App\Http\Controllers {
    function time(): int { return $GLOBALS['now']; } // found before PHP's own
}

namespace {
    function config(string $key): ?string { return $key === 'services.pictify.secret' ? getenv('PICTIFY_WEBHOOK_SECRET') : null; }
    function response(string $content, int $status): Illuminate\Http\Response { return new Illuminate\Http\Response($content, $status); }
    function dispatch(Closure $job): Pending { return new Pending($job); }

    class Pending
    {
        public function __construct(private Closure $job) {}

        public function afterResponse(): void { $GLOBALS['later'][] = $this->job; }
    }

    // Laravel makes an exception of every warning.
    set_error_handler(fn (int $no, string $text) => throw new ErrorException($text));
    ini_set('display_errors', 'stderr');
    [$now, $said, $later, $answered] = [0, [], [], false];
    require $argv[1];
    $controller = new App\Http\Controllers\PictifyWebhookController();
    echo "ready\n";

    while (($line = fgets(STDIN)) !== false) {
        $fields = explode(' ', rtrim($line, "\n"));
        $now = (int) array_shift($fields);
        [$signature, $id, $type, $body] = array_map(fn ($field) => $field === '-' ? null : base64_decode(substr($field, 1)), $fields);
        $headers = ['x-pictify-signature' => $signature, 'x-pictify-delivery-id' => $id, 'content-type' => $type];
        $answered = false;
        try {
            $status = $controller(new Illuminate\Http\Request($headers, $body))->status;
        } catch (Throwable $e) {
            fwrite(STDERR, $e."\n");
            $status = 500;
        }
        $answered = true;
        foreach ($later as $job) {
            try {
                $job();
            } catch (Throwable $e) {
                fwrite(STDERR, $e."\n");
            }
        }
        echo implode(' ', [$status, ...$said]), "\n";
        [$said, $later] = [[], []];
    }
}
