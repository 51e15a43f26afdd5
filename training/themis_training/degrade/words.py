"""Words for planted lines; ours, and ordinary ones, so that no word tells a defect."""

WORDS: dict[str, tuple[str, ...]] = {
    "new": tuple(
        """
        account address agent answer archive article asset attempt author badge balance batch bill block body branch
        bucket budget buffer cart category chapter chunk city client code color comment contact content context count
        country course currency customer data day deadline device digest discount document draft duration email entry
        event field figure filter folder form frame group handle header history host image index input invoice issue
        item job key label language layer letter level limit line link list load location log mail manager margin
        marker measure member message method mode model module month name network node note notice number object offer
        option order origin output owner page parcel part password patch payload payment period person phone photo
        place plan player point policy port position price product profile project query quota range rank rate reader
        reason receipt record region report request resource response result review role room route row rule sample
        schedule score section seed sender series service session setting shape share sheet shipment signal site size
        slot source staff stage state status step stock store stream subject summary supplier table tag target task
        team template term text thread ticket time title token tool topic total track trip type unit user value vendor
        version visit voucher warehouse week weight window worker year zone
        """.split()  # noqa: SIM905  (two hundred quoted words would take two hundred lines)
    ),
    "tool": ("convert", "tar", "git", "ping", "ffmpeg", "zip", "grep", "curl", "rsync", "gzip", "nslookup", "identify",
             "pandoc", "wkhtmltopdf", "chmod", "ls", "host", "df", "unzip", "openssl"),
    "table": ("orders", "users", "invoices", "articles", "sessions", "payments", "tickets", "comments", "members",
              "products", "events", "accounts", "devices", "messages", "customers", "bookings", "projects", "files"),
    "column": ("name", "email", "owner", "status", "city", "code", "token", "title", "kind", "created_at", "user_id",
               "reference", "slug", "country", "phone", "login", "label", "category"),
    "field": ("name", "email", "status", "total", "amount", "title", "price", "size", "weight", "score", "count",
              "code", "kind", "label", "date", "owner", "rank", "level"),
    "text": ("done", "ready", "not found", "started", "failed", "empty", "saved", "removed", "skipped", "updated",
             "pending", "accepted", "rejected", "closed", "open", "unknown", "retry", "queued"),
    "number": ("2", "3", "5", "8", "10", "12", "16", "20", "24", "30", "50", "60", "64", "100", "128", "250", "500",
               "512", "1000", "1024", "3600", "4096"),
    "file": ("report.csv", "settings.json", "users.txt", "data.bin", "export.xml", "notes.md", "cache.db", "orders.csv",
             "image.png", "config.yml", "backup.tar", "events.log", "index.html", "prices.json", "words.txt"),
    "folder": ("uploads", "data", "files", "exports", "reports", "images", "public", "storage", "static", "media",
               "attachments", "documents", "archive", "templates"),
    "host": ("api.example.org", "files.example.com", "auth.example.net", "cdn.example.org", "shop.example.com",
             "mail.example.org", "status.example.net", "search.example.com"),
}  # fmt: skip
